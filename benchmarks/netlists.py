"""Netlists of whole arrays, written and simulated, beside the way of a PySpice user.

That way is a PySpice object for every element, devices as behavioural sources (PySpice has no
element for compiled models), ngspice's default solver and tolerances. Where our runner simulates
such a netlist, it does so with one thread and without memory check, which is in its favour.
"""

from __future__ import annotations

import functools
import json
import math
import statistics
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

import memcircuit as mc
from benchmarks.measure import median_seconds, report, seconds
from memcircuit.crossbar.spice import array_job, read_in_ngspice, tight_options
from memcircuit.crossbar.wires import Ends, Wires
from memcircuit.devices.device import Form
from memcircuit.simulate import Job, OperatingPoint, Options, export, find_ngspice
from pyspice_netlists import CellArray, LineEnds, crossbar_bench

Array = NDArray[np.float64]

#: ohm per segment.
SEGMENT = 1.0
#: V on every row of a read, V on the gates.
READ, GATE = 0.1, 5.0
#: What ngspice does when nobody tells it otherwise.
DEFAULTS = Options(reltol=1e-3, abstol=1e-12, vntol=1e-6)
#: s, after which the peer's transient is given up.
PATIENCE = 1500.0

# Runs a command in a process that holds nothing else, and prints its largest resident set, KiB.
_PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[2:], cwd=sys.argv[1], check=True, capture_output=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def one_transistor_cell() -> Any:
    """The HfO2 memristor with its 2N7002."""
    return mc.cells.OneTransistorOneMemristor(mc.device("lin2022_hfo2"))


def some_states(size: int) -> Array:
    """States of all cells, (size, size)."""
    return np.random.default_rng(1).random((size, size))


def whole_array(size: int) -> mc.Crossbar:
    """An array of 1T1R cells with wires."""
    return mc.Crossbar(one_transistor_cell(), rows=size, columns=size, wires=SEGMENT, gate=GATE)


def our_text(cell: Any, states: Array) -> str:
    """The deck of a read as our builder writes it, checked."""
    bench = crossbar_bench(
        Wires(row=SEGMENT, column=SEGMENT).lines(*states.shape),
        CellArray(cell, states, "osdi", gate=GATE),
        LineEnds(left=READ),
    )
    job = Job("array", bench.circuit, OperatingPoint(), bench.vectors)
    return job.deck(Options(), ("memristor.osdi",))


def pyspice_circuit(cell: Any, states: Array, form: Form) -> Any:
    """The same circuit, an object of PySpice for every element."""
    from PySpice.Spice.Netlist import Circuit

    rows, columns = states.shape
    circuit = Circuit("array")
    once = [*cell.access_transistor().lines, *cell.device.include_lines(form)]
    circuit.raw_spice = "\n".join(once) + "\n"
    circuit.subcircuit(cell.subcircuit())
    for i in range(rows):
        circuit.V(f"left{i}", f"left{i}", 0, READ)
        for j in range(columns):
            row = f"r{i}_{j}"
            column, below = f"c{i}_{j}", f"c{i + 1}_{j}" if i + 1 < rows else f"bottom{j}"
            before = f"r{i}_{j - 1}" if j else f"left{i}"
            circuit.R(f"r{i}_{j}", before, row, SEGMENT)
            circuit.R(f"c{i}_{j}", column, below, SEGMENT)
            circuit.X(f"{i}_{j}", cell.name, row, f"gate{j}", column, f"s{i}_{j}", x0=states[i, j])
    for j in range(columns):
        circuit.V(f"gate{j}", f"gate{j}", 0, GATE)
        circuit.V(f"bottom{j}", f"bottom{j}", 0, 0)
    return circuit


def pyspice_text(cell: Any, states: Array) -> str:
    """What PySpice writes of it."""
    return str(pyspice_circuit(cell, states, "osdi"))


def build128_vs_pyspice() -> None:
    """An N x N 1T1R netlist with wires, built and written, N = 32, 64, 128."""
    cell, before = one_transistor_cell(), None
    for size in (32, 64, 128):
        states = some_states(size)
        both = [lambda s=states, w=way: w(cell, s) for way in (our_text, pyspice_text)]
        ours, theirs = median_seconds(both[0], 9), median_seconds(both[1], 3)
        peaks = "/".join(f"{_peak(way) / 1e6:.1f}" for way in both)
        growth = "" if before is None else (
            f",exponents_{math.log2(ours / before[0]):.2f}/{math.log2(theirs / before[1]):.2f}"
        )  # fmt: skip
        report(
            f"netlists.build{size}_vs_pyspice", ours, theirs,
            f"PySpice_objects_X_and_R_per_cell_and_str(circuit)(peaks_{peaks}_MB{growth};"
            "ours_checked_and_with_its_commands)",
        )  # fmt: skip
        before = ours, theirs


def _peak(work: Callable[[], object]) -> int:
    """Return the largest memory that Python holds at once during ``work``, bytes."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def op64_vs_pyspice_way() -> None:
    """The read of N x N 1T1R cells by ``.op``: 32 and 64 against the peer, 128 alone.

    The peer builds PySpice's objects and simulates them by PySpice; a second line times only the
    simulation of such a netlist, written by our builder, by our runner; a third sets our read
    without ngspice beside the peer.
    """
    before: tuple[float, ...] | None = None
    for size in (32, 64, 128):
        ours, memory, judge = _our_read(size)
        own = f"ours_OSDI_KLU_reltol_1e-9,{memory:.0f}_MB" + _exponent(ours, before, 0)
        if size == 128:
            report("netlists.op128", ours, None, f"none({own})")
            return
        name = f"netlists.op{size}_vs_pyspice_way"
        whole = _pyspices_read(size)
        if isinstance(whole, str):
            print(f"bench {name} ours={ours:.4g} other=missing ratio=none other_is={whole}")
            whole = math.nan, math.nan, judge
        else:
            taken, memory, currents = whole
            what = f"PySpice_1.5_objects_and_shared_ngspice_all_default({memory:.0f}_MB"
            report(
                name, ours, taken,
                f"{what}{_exponent(taken, before, 1)};{own};{_agreement(currents, judge)})",
            )  # fmt: skip
        taken, memory, currents = _peers_read(size)
        what = f"behavioural_sources_default_solver_by_our_runner({memory:.0f}_MB"
        report(
            f"{name}[simulation]", ours, taken,
            f"{what}{_exponent(taken, before, 2)};{own};{_agreement(currents, judge)})",
        )  # fmt: skip
        _newtons_read(f"{name}[newton]", whole[0], judge)
        before = ours, whole[0], taken


def _newtons_read(name: str, theirs: float, judge: Array) -> None:
    """Report the time of the same read by Newton's method."""
    array, states = whole_array(judge.size), some_states(judge.size)
    v, found = np.full(judge.size, READ), []
    with threadpool_limits(1):
        ours = median_seconds(lambda: found.append(array.read_cells(v, states)["output"]), 3)
    what = f"PySpice_as_above(ours_without_ngspice,{_agreement(found[-1].to_numpy(), judge)})"
    report(name, ours, None if math.isnan(theirs) else theirs, what)


def _exponent(taken: float, before: tuple[float, ...] | None, place: int) -> str:
    return "" if before is None else f",exponent_{math.log2(taken / before[place]):.2f}"


def _agreement(currents: Array, judge: Array) -> str:
    return f"currents_agree_to_{float(np.abs(currents / judge - 1).max()):.0e}"


def _pyspices_read(size: int) -> tuple[float, float, Array] | str:
    """Return the median time of three reads, s, memory, MB, and currents, A; or what is missing."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.pyspice_array", str(size), "3"],
        capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    if done.returncode:
        return str(done.stderr.strip().splitlines()[-1:])
    read = json.loads(done.stdout.splitlines()[-1])
    return statistics.median(read["seconds"]), read["megabytes"], np.array(read["currents"])


def _our_read(size: int) -> tuple[float, float, Array]:
    """Return the time of our read, s, the memory of ngspice, MB, and the currents, A."""
    array, states, v = whole_array(size), some_states(size), np.full(size, READ)
    found: list[Array] = []

    def once() -> None:
        read = array.read_cells(v, states, simulator="ngspice")
        found.append(read["output"].to_numpy())

    taken = median_seconds(once, 3)
    job = array_job(
        array.lines, Ends.reading(array.lines, v), cell=array.require_cell(), states=states,
        gate=GATE, form="osdi",
    )  # fmt: skip
    return taken, _ngspice_memory(job, tight_options()), found[-1]


def _peers_read(size: int) -> tuple[float, float, Array]:
    """Return the same of the peer."""
    array, v = whole_array(size), np.full(size, READ)
    ends, options = Ends.reading(array.lines, v), replace(DEFAULTS, klu=False)
    how: dict[str, Any] = {
        "cell": array.require_cell(), "states": some_states(size), "gate": GATE,
        "form": "behavioural",
    }  # fmt: skip
    found: list[Array] = []

    def once() -> None:
        read = read_in_ngspice(array.lines, ends, options=options, **how)
        found.append(read["output"].to_numpy())

    taken = _median_of_three(once)
    return taken, _ngspice_memory(array_job(array.lines, ends, **how), options), found[-1]


def _ngspice_memory(job: Job, options: Options) -> float:
    """Return the largest resident set of ngspice with a job, MB."""
    with tempfile.TemporaryDirectory() as folder:
        deck = export(job, folder, options=options)
        done = subprocess.run(
            [sys.executable, "-c", _PEAK, folder, find_ngspice(), "-n", "-b", deck.name],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    return int(done.stdout) * 1024 / 1e6


def tran32_vs_pyspice_way() -> None:
    """Ten pulses into one cell of 32 x 32, the whole array in the netlist."""
    _transient(32)


def tran64_vs_pyspice_way() -> None:
    """The same at 64 x 64."""
    _transient(64)


def _transient(size: int) -> None:
    ours, theirs = _whole(size)
    if theirs is None:
        taken, fate = PATIENCE, "given_up,so_at_least"
    else:
        taken = theirs[0]
        fate = f"one_run,{theirs[1]:.0f}_MB,conductances_agree_to_{_apart(theirs[2], ours[2]):.0e}"
    own = f"ours_OSDI_KLU,{ours[1]:.0f}_MB"
    if size > 32:
        before = _whole(32)
        own += f",exponent_{math.log2(ours[0] / before[0][0]) / math.log2(size / 32):.2f}"
        if theirs is not None and before[1] is not None:
            fate += f",exponent_{math.log2(taken / before[1][0]) / math.log2(size / 32):.2f}"
    found: list[Array] = []

    def reduced() -> None:
        found.append(mc.program_pulses(*pulsed_array(size))["conductance"].to_numpy())

    with threadpool_limits(1):
        quick = median_seconds(reduced, 3)
    name = f"netlists.tran{size}_vs_pyspice_way"
    report(
        name, ours[0], taken,
        f"behavioural_sources_default_solver({fate};both_reltol_1e-3,{own})",
    )  # fmt: skip
    report(
        f"{name}[program_pulses]", quick, taken,
        f"the_same(ours_the_port_network_at_reltol_1e-6,"
        f"conductances_agree_to_{_apart(found[-1], ours[2]):.0e})",
    )  # fmt: skip


def pulsed_array(size: int) -> tuple[mc.Crossbar, Array, tuple[int, int], Any]:
    """Array, states, selected cell and pulses of the transients."""
    array, states, here = whole_array(size), some_states(size), (size // 2, size // 2)
    states[here] = 0.3
    return array, states, here, [(mc.Pulse(1.8, 1e-6), 10)]


@functools.cache
def _whole(size: int) -> tuple[tuple[float, float, Array], tuple[float, float, Array] | None]:
    """Return time (s), memory (MB) and conductances of ours, median of three, and of the peer."""
    ours = sorted((_alone(size, "osdi") for _ in range(3)), key=itemgetter(0))[1]
    peer = _alone(size, "behavioural")
    return ours, None if np.isnan(peer[0]) else peer


def _alone(size: int, form: str) -> tuple[float, float, Array]:
    """Return time, memory and conductances of one run; not a number for one given up."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.pulsed_array", str(size), form],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = json.loads(done.stdout.splitlines()[-1])
    if found == "given up":
        return math.nan, math.nan, np.zeros(0)
    return found["seconds"], found["megabytes"], np.array(found["conductance"])


def _median_of_three(work: Callable[[], object]) -> float:
    """Return the median time of three runs, where a run takes long enough to need no other, s."""
    return statistics.median(seconds(work) for _ in range(3))


def _apart(found: Array, ours: Array) -> float:
    return float(np.abs(found / ours - 1).max())


ALL = (
    build128_vs_pyspice,
    op64_vs_pyspice_way,
    tran32_vs_pyspice_way,
    tran64_vs_pyspice_way,
)
