"""What experiments return, so that the name of a result can be refused before they run."""

from __future__ import annotations

#: What a sweep itself says of its points; a result of such a name is called ``result_NAME``.
RESERVED = ("status", "error", "log", "remark")

_PULSES = {"conductance": "cell pulse", "weight": "cell pulse", "energy": "cell pulse"}
_CYCLES = {name: f"device cycle {dims.removeprefix('cell ')}" for name, dims in _PULSES.items()}
_ENERGIES = {
    "cell_energy": "row column", "row_energy": "row", "column_energy": "column", "cells": "",
    "sources": "", "stored": "", "row_wires": "", "column_wires": "", "row_ends": "",
    "column_ends": "",
}  # fmt: skip
_WRITTEN = dict.fromkeys(
    ("target", "measured", "reached", "pulses", "reads", "energy", "error"), "cell"
)
# Dimensions by result and experiment; not every cell has all of them.
_RESULTS = {
    "pulse_train": {
        **_PULSES, "read_change": "cell pulse", "read_energy": "cell pulse",
        "state": "cell pulse memristor",
    },
    "pulse_cycles": {
        **_CYCLES, "read_change": "device cycle pulse", "read_energy": "device cycle pulse",
        "state": "device cycle pulse memristor",
    },
    "pulse_statistics": {**_CYCLES, "state": "device cycle pulse memristor"},
    "iv_loop": {
        "voltage": "phase", "current": "phase", "state": "phase memristor", "energy": "",
        "area": "",
    },
    "iv_family": {
        "voltage": "curve phase", "sweep": "curve phase", "current": "curve phase",
        "state": "curve phase memristor", "conductance_set": "curve", "conductance_reset": "curve",
        "largest_current": "curve",
    },
    "write_verify_cells": {
        **_WRITTEN, "given": "cell round", "weight": "cell round", "width": "cell round",
        "final_state": "cell memristor", "highest": "cell", "lowest": "cell",
        "overshoots": "cell", "read_energy": "cell",
    },
    "linearise": {
        "weight": "correction direction pulse", "width": "correction direction pulse",
        "knot_pulse": "correction direction knot", "knot_weight": "correction direction knot",
        "segment_width": "correction direction segment", "slope": "correction direction segment",
        "exponential_factor": "correction direction", "nonlinearity": "correction direction",
        "asymmetry": "correction",
    },
    "retention": {
        "weight": "cell time", "change": "cell time", "conductance": "cell memristor time",
        "state": "cell memristor time", "clipped": "cell memristor time", "initial_weight": "cell",
    },
    "read_disturb": dict.fromkeys(
        ("change", "conductance", "state"), "voltage initial_state read memristor"
    ),
    "read_margin": dict.fromkeys(
        ("margin", "current_high", "current_low", "power", "relative_imbalance"), "bias size"
    ),
    "half_select_disturb": {"movement": "bias pulse cells", "final_state": "bias row column"},
    "settle_read": {
        **_ENERGIES, "input_current": "time row", "output": "time column", "voltage": "row",
        "elmore_delay": "column", "operating_point": "column", "settling_time": "column",
    },
    "drive_array": {
        **_ENERGIES, "gate_energy": "gate_line", "state": "sample row column",
        "conductance": "sample row column", "input_current": "sample row",
        "output": "sample column",
    },
    "program_pulses": {
        "conductance": "cell pulse", "read_conductance": "cell pulse", "state": "cell pulse",
        "energy": "pulse", "final_state": "row column", "frozen_voltage": "row column",
        "movement": "row column", "simulated": "row column",
    },
    "write_verify": {
        **_WRITTEN, "conductance": "cell", "measured_when_written": "cell",
        "final_state": "row column", "movement": "row column",
    },
    "evaluate": {
        "accuracy": "seed", "prediction": "seed image", "label": "image",
        "own_error": "seed layer", "total_error": "seed layer",
    },
}  # fmt: skip

# Dimensions that are as long as the course of a run makes them.
_OF_COURSE = {"settle_read": ("time",), "write_verify_cells": ("round",)}


def lengths_of_course(experiment: str) -> tuple[str, ...]:
    """Return the dimensions that may be longer at one point than at another with like arguments.

    Args:
        experiment: its name.
    """
    return _OF_COURSE.get(experiment, ())


def unreserved(name: str) -> str:
    """Return the name of a quantity, made another where the sweep has one of that name."""
    return f"result_{name}" if name in RESERVED else name


def results_of(experiment: str) -> dict[str, tuple[str, ...]]:
    """Return the dimensions of every result that an experiment may have, by name.

    Empty for one that is not known here.

    Args:
        experiment: its name.
    """
    known = _RESULTS.get(experiment, {})
    return {name: tuple(dims.split()) for name, dims in known.items()}
