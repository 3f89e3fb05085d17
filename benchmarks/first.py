"""The first chain: one cell under pulses, the demo, the import."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import memcircuit as mc
from benchmarks.measure import median_seconds, report

RUNS = 7


def cell100pulses_vs_pyspice() -> None:
    """One OSDI cell, 100 pulses, per run: our runner against PySpice's shared mode as shipped."""
    from memcircuit.experiments.pulse_train import prepare_pulse_train
    from memcircuit.simulate import compile_verilog_a, run

    name = "first.cell100pulses_vs_pyspice"
    device = mc.device("lin2022_hfo2")
    job = prepare_pulse_train(device, pulses=100, reset_pulses=0, form="osdi").job
    result = run(job)
    ours = median_seconds(lambda: run(job), RUNS)
    work = {
        "circuit": job.circuit,
        "osdi": str(compile_verilog_a(job.verilog_a[0])),
        "stop": job.analysis.stop,
        "step": job.analysis.step,
        "runs": RUNS,
    }
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.pyspice_shared"],
        input=json.dumps(work), capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    if done.returncode:
        reason = done.stderr.strip().splitlines()[-1:]
        print(f"bench {name} ours={ours:.4g} other=missing ratio=none other_is={reason}")
        return
    theirs = json.loads(done.stdout.splitlines()[-1])
    difference = abs(theirs["state"] / float(result["v(state0)"][-1]) - 1)
    report(
        name,
        ours,
        statistics.median(theirs["seconds"]),
        f"PySpice_1.5_shared_default_threads(ours_1_thread,states_agree_to_{difference:.0e})",
    )


def demo() -> None:
    """Every step of the demo, tools installed and models compiled."""
    from memcircuit.studies import lin2022

    with tempfile.TemporaryDirectory() as folder:
        lin2022.run(Path(folder))
        result = lin2022.run(Path(folder))
    for step, seconds in result.seconds.items():
        report(f"first.demo[{step}]".replace(" ", "_"), seconds, None, "none")
    report("first.demo[total]", sum(result.seconds.values()), 90.0, "the_bound_of_90_s")


def import_memcircuit() -> None:
    """A new Python that imports memcircuit, less one that imports nothing."""

    def start(code: str) -> float:
        return median_seconds(lambda: subprocess.run([sys.executable, "-c", code], check=True), 9)

    bare = start("pass")
    ours = max(start("import memcircuit") - bare, 1e-4)
    report("first.import_memcircuit", ours, start("import numpy") - bare, "import_numpy")


ALL = (cell100pulses_vs_pyspice, demo, import_memcircuit)
