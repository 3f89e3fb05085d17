"""The I-V loop: current against a sinusoidal voltage."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from memcircuit.devices.device import Device, Form
from memcircuit.errors import UsageError
from memcircuit.experiments.circuits import (
    as_cell,
    device_of,
    gate_voltage,
    initial_states,
    loop_sine,
    netlist_form,
)

if TYPE_CHECKING:
    import xarray as xr

    from memcircuit.simulate import Job, Options
    from pyspice_netlists import Cell


def iv_loop_job(
    device: Device | Cell,
    *,
    amplitude: float | None = None,
    frequency: float | None = None,
    cycles: int = 2,
    points_per_cycle: int = 1000,
    initial_state: ArrayLike | None = None,
    gate: float | None = None,
    form: Form | None = None,
) -> Job:
    """Return the simulation behind ``iv_loop``, for export or inspection."""
    from memcircuit.simulate import Job, Transient
    from pyspice_netlists.benches import cell_bench

    if cycles < 1 or points_per_cycle < 100:
        raise UsageError(
            f"cycles = {cycles} and points_per_cycle = {points_per_cycle}: at least 1 and 100"
        )
    cell = as_cell(device)
    memristor = device_of(cell)
    volts, hertz = loop_sine(memristor, amplitude, frequency)
    chosen = netlist_form(form)
    bench = cell_bench(
        cell,
        f"SIN(0 {volts!r} {hertz!r})",
        form=chosen,
        initial_state=initial_states(memristor, initial_state, 1),
        gate=gate_voltage(cell, gate),
    )
    step = 1 / (hertz * points_per_cycle)
    return Job(
        title=f"I-V loop of {cell.name}, {volts:g} V, {hertz:g} Hz",
        circuit=bench.circuit,
        analysis=Transient(stop=cycles / hertz, step=step, max_step=step),
        vectors=bench.vectors,
        verilog_a=memristor.verilog_a(chosen),
    )


def iv_loop(
    device: Device | Cell,
    *,
    amplitude: float | None = None,
    frequency: float | None = None,
    cycles: int = 2,
    points_per_cycle: int = 1000,
    initial_state: float | None = None,
    gate: float | None = None,
    form: Form | None = None,
    options: Options | None = None,
    keep: Path | None = None,
) -> xr.Dataset:
    """Drive a device or a cell with a sine and return voltage, current and state over time.

    Args:
        device: a memristor, or a cell around one.
        amplitude: V; the card's when None.
        frequency: Hz; the card's when None.
        cycles: number of periods.
        points_per_cycle: least number of time points per period.
        initial_state: state at the start; the device's own when None.
        gate: V, word-line voltage of a cell with a transistor; the card's when None.
        form: netlist form, "osdi" or "behavioural"; the best one at hand when None.
        options: simulator options.
        keep: directory to keep netlist, log and raw result in.

    Returns:
        dataset over ``time`` (s): ``voltage`` (V), ``current`` (A) into plus, ``state``.

    Raises:
        UsageError: values that make no loop.
        SimulationError: the simulator gave no trustworthy result.
    """
    from memcircuit.simulate import run

    cell = as_cell(device)
    memristor = device_of(cell)
    volts, hertz = loop_sine(memristor, amplitude, frequency)
    chosen = netlist_form(form)
    start = initial_states(memristor, initial_state, 1)
    job = iv_loop_job(
        cell, amplitude=volts, frequency=hertz, cycles=cycles,
        points_per_cycle=points_per_cycle, initial_state=start, gate=gate, form=chosen,
    )  # fmt: skip
    raw = run(job, options=options, keep=keep)
    loop = raw.rename({"v(bit_line)": "voltage", "i(vcell0)": "current", "v(state0)": "state"})
    loop = loop[["voltage", "current", "state"]]
    loop["state"] = loop["state"] + start[0]
    loop["voltage"].attrs = {"units": "V", "long_name": "voltage"}
    loop["current"].attrs = {"units": "A", "long_name": "current"}
    loop["state"].attrs = {"units": "1", "long_name": "state"}
    loop.attrs.update(
        experiment="iv_loop", device=memristor.name, cell=cell.name, form=chosen,
        citation=memristor.citation,
        amplitude=volts, frequency=hertz, cycles=cycles,
    )  # fmt: skip
    return loop
