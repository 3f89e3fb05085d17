"""The door to the simulator: tools, compilation, runs, waveforms, and typed errors."""

from memcircuit.simulate.analysis import ACSweep, Analysis, DCSweep, OperatingPoint, Transient
from memcircuit.simulate.compiler import compile_verilog_a
from memcircuit.simulate.foreign import run_netlist
from memcircuit.simulate.job import Job
from memcircuit.simulate.ngspice import export, run
from memcircuit.simulate.options import Options
from memcircuit.simulate.persistent import persistent_ngspice
from memcircuit.simulate.raw import RawPlot, read_raw
from memcircuit.simulate.toolchain import (
    Capabilities,
    ToolReport,
    cache_directory,
    doctor,
    find_ngspice,
    find_openvaf,
    ngspice_capabilities,
    preferred_form,
)

__all__ = [
    "ACSweep",
    "Analysis",
    "Capabilities",
    "DCSweep",
    "Job",
    "OperatingPoint",
    "Options",
    "RawPlot",
    "ToolReport",
    "Transient",
    "cache_directory",
    "compile_verilog_a",
    "doctor",
    "export",
    "find_ngspice",
    "find_openvaf",
    "ngspice_capabilities",
    "persistent_ngspice",
    "preferred_form",
    "read_raw",
    "run",
    "run_netlist",
]
