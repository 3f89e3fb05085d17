"""How long a constant voltage takes to switch a device from one end of its range to the other."""

from __future__ import annotations

import numpy as np

from memcircuit.devices.device import Device, Form
from memcircuit.experiments.circuits import as_cell
from memcircuit.experiments.time_step import largest_step

# Share of the range after which a device counts as switched.
_SWITCHED = 0.999
# Points of the first run, whose length is a guess.
_POINTS = 2000


def set_time(device: Device, form: Form, voltage: float, longest: float) -> float:
    """Return the time, s, from s = 0 to s = 1 at a constant voltage; infinite if never.

    Args:
        device: that starts in its high-resistance state.
        form: netlist form.
        voltage: V.
        longest: s, after which the run ends.

    Raises:
        SimulationError: the simulator gave no trustworthy result.
    """
    from memcircuit.simulate import Job, Transient, run
    from pyspice_netlists import cell_bench

    bench = cell_bench(as_cell(device), f"DC {voltage!r}", form=form, initial_state=np.array([0.0]))
    step = largest_step(device, (voltage,), longest / _POINTS, longest, form).step
    job = Job(
        title=f"{device.name} at {voltage:g} V",
        circuit=bench.circuit,
        analysis=Transient(stop=longest, step=step, max_step=step),
        vectors=bench.vectors,
        verilog_a=device.verilog_a(form),
    )
    found = run(job)
    state = found[bench.states[0]].to_numpy()
    if state.max() < _SWITCHED:
        return float("inf")
    return float(np.interp(_SWITCHED, np.maximum.accumulate(state), found["time"].to_numpy()))


def set_time_at_1v(device: Device, form: Form) -> float:
    """Return the time, s, from s = 0 to s = 1 at 1 V; infinite beyond 10 s."""
    return set_time(device, form, 1.0, 10.0)


MEASURES = {f.__name__: f for f in (set_time_at_1v,)}
