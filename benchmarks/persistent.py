"""The library that stays: a short run in it against an ngspice process for the same run."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import replace

import memcircuit as mc
from benchmarks.measure import report, seconds

RUNS = 31


def persistent_vs_process() -> None:
    """A SET pulse on a 1T1R cell, its operating point, and an I-V loop, in seconds per run."""
    from memcircuit.experiments.pulse_train import prepare_pulse_train
    from memcircuit.simulate import OperatingPoint, run

    device = mc.device("lin2022_hfo2")
    cell = mc.cells.OneTransistorOneMemristor(device)
    pulse = prepare_pulse_train(cell, pulses=1, reset_pulses=0).job
    point = replace(pulse, analysis=OperatingPoint())
    for what, work in {
        "1t1r_set_pulse": lambda: run(pulse),
        "1t1r_operating_point": lambda: run(point),
        "iv_loop": lambda: mc.iv_loop(device),
    }.items():
        ours, other = _medians(work)
        name = f"simulate.persistent_vs_process[{what}]"
        report(name, ours, other, "one ngspice process per run, s")


def _medians(work: Callable[[], object]) -> tuple[float, float]:
    """Return the median time inside and outside, s, taken in turns: both meet the same load."""
    from memcircuit.simulate.persistent import persistent_ngspice

    inside, outside = [], []
    for _ in range(RUNS):
        with persistent_ngspice():
            work()  # starts the child
            inside.append(seconds(work))
        outside.append(seconds(work))
    return statistics.median(inside), statistics.median(outside)


ALL = (persistent_vs_process,)
