"""Sweeps: points per second beside the plain way of PySpice, the share that is not ngspice's."""

from __future__ import annotations

import functools
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import memcircuit as mc
from benchmarks.measure import report, seconds

K_SET = np.linspace(0.015, 0.025, 100)
AMPLITUDE = np.linspace(1.5, 2.0, 100)
# The peer simulates as many of the same points; its time for each does not fall with their number.
PEER_POINTS = 200
_ONE_RUN = """
import resource, sys
from benchmarks.sweeps import set_pulses
set_pulses(int(sys.argv[1]), sys.argv[2])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


def set_pulses(points: int, store: str, progress: Any = "quiet") -> Any:
    """Sweep one SET pulse on a 1T1R cell, read before and after, over k_set and amplitude."""
    cell = mc.cells.OneTransistorOneMemristor(mc.device("lin2022_hfo2"))
    pulse = functools.partial(mc.pulse_train, cell, pulses=1, reset_pulses=0)
    grid = {"device.k_set": K_SET[: points // 100], "set.amplitude": AMPLITUDE}
    return mc.sweep(pulse, grid, store=store, jobs=2, progress=progress)


def points_vs_pyspice() -> None:
    """10,000 SET pulses on 2 cores against PySpice's shared mode, both in seconds per point."""
    with tempfile.TemporaryDirectory() as store:
        set_pulses(100, store)  # compiles the model
        mc.sweeps.Store(store).clear()
        ours = seconds(lambda: set_pulses(10_000, store)) / 10_000
        found = set_pulses(10_000, store)["conductance"].to_numpy().reshape(10_000, 2)
    chosen = np.linspace(0, 9_999, PEER_POINTS).astype(int)
    for threads, one_thread in (("default_threads", False), ("1_thread_set_by_hand", True)):
        name = f"sweeps.points_vs_pyspice[{threads}]"
        answer = _peer(chosen, one_thread=one_thread)
        if isinstance(answer, str):
            print(f"bench {name} ours={ours:.4g} other=missing ratio=none other_is={answer}")
            continue
        apart = np.abs(np.array(answer["conductance"]) / found[chosen] - 1).max()
        report(
            name, ours, statistics.median(answer["seconds"]),
            f"PySpice_1.5_shared_1_process(s_per_point,ours_2_processes,apart_by_{apart:.0e})",
        )  # fmt: skip


def overhead_share() -> None:
    """What of the workers' time is not ngspice's, for 10,000 points; and memory."""
    with tempfile.TemporaryDirectory() as store:
        set_pulses(100, store)
        mc.sweeps.Store(store).clear()
        shown = mc.sweeps.Progress("quiet")
        wall = seconds(lambda: set_pulses(10_000, store, shown))
        share = 1 - shown.tally.simulator_seconds / (2 * wall)
        report("sweeps.overhead_share", share, 0.2, "the_bound_of_0.2_of_2_processes'_time")
        again = seconds(lambda: set_pulses(10_000, store))
        report("sweeps.overhead_share[again]", again, wall, "the_first_run_of_the_same_sweep")
    peak = {}
    for points in (1_000, 10_000):
        with tempfile.TemporaryDirectory() as store:
            done = subprocess.run(
                [sys.executable, "-c", _ONE_RUN, str(points), store],
                capture_output=True, text=True, check=True,
            )  # fmt: skip
            peak[points] = float(done.stdout)
    report(
        "sweeps.overhead_share[peak_bytes]", peak[10_000], peak[1_000],
        "the_same_with_1000_points(bytes)",
    )  # fmt: skip


def _peer(chosen: np.ndarray[Any, Any], *, one_thread: bool) -> Any:
    from memcircuit.experiments.pulse_train import prepare_pulse_train
    from memcircuit.simulate import compile_verilog_a

    device = mc.device("lin2022_hfo2")
    cell = mc.cells.OneTransistorOneMemristor(device)
    train = prepare_pulse_train(cell, pulses=1, reset_pulses=0, form="osdi")
    wave, set_pulse = train.sequence.waveform, train.pulses[0]
    own = (wave.time >= train.sequence.start[1]) & (wave.time <= train.sequence.stop[1])
    shares = np.where(own, wave.voltage / set_pulse.amplitude, 0.0)
    work = {
        "lines": [*cell.access_transistor().lines, *device.include_lines("osdi")],
        "k_set": device.parameters["k_set"],
        "osdi": str(compile_verilog_a(Path(train.job.verilog_a[0]))),
        "device": device.name,
        "transistor": cell.access_transistor().name,
        "gate": 5.0,
        "corners": np.stack([wave.time, wave.voltage, shares], axis=1).tolist(),
        "reads": train.read_instants.tolist(),
        "read_voltage": train.read_amplitude,
        "step": train.job.analysis.step,
        "stop": train.job.analysis.stop,
        "points": [(float(K_SET[k // 100]), float(AMPLITUDE[k % 100])) for k in chosen],
        "one_thread": one_thread,
    }
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.pyspice_sweep"],
        input=json.dumps(work), capture_output=True, text=True, check=False, timeout=900,
    )  # fmt: skip
    if done.returncode:
        return str(done.stderr.strip().splitlines()[-1:])
    return json.loads(done.stdout.splitlines()[-1])


ALL = (points_vs_pyspice, overhead_share)
