"""Exact arrays beside badcrossbar, numpy's matrix product and ngspice, all on one BLAS thread."""

from __future__ import annotations

import logging
import math
import time
import warnings
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

import memcircuit as mc
from benchmarks.measure import median_seconds, report
from memcircuit.crossbar.tiles import joint, tile_size
from memcircuit.crossbar.wires import Ends, Wires

Array = NDArray[np.float64]

WIRES = Wires(row=1.0, column=1.0)


def easy(rows: int, columns: int) -> Array:
    """Cells of 10 to 100 kohm, S."""
    return 1 / np.random.default_rng(1).uniform(10e3, 100e3, (rows, columns))


def inputs(count: int, rows: int) -> Array:
    """Inputs of 0 to 0.3 V, (count, rows)."""
    return np.random.default_rng(2).uniform(0, 0.3, (count, rows))


def badcrossbar() -> Any | None:
    """The peer, quiet; None where it is not installed."""
    try:
        with warnings.catch_warnings(record=True):  # that it cannot draw
            import badcrossbar as peer
    except ImportError:
        return None
    logging.disable(logging.INFO)
    return peer


def peer_seconds(v: Array, g: Array, runs: int) -> float | None:
    """Time of badcrossbar's output currents for inputs v (count, rows) on 1 ohm segments, s."""
    peer = badcrossbar()
    if peer is None:
        return None
    wanted = {"r_i": 1.0, "node_voltages": False, "all_currents": False}
    return median_seconds(lambda: peer.compute(v.T, 1 / g, **wanted), runs)


def named(peer: float | None, what: str) -> str:
    """What the other figure is, or that the peer is missing."""
    return what if peer is not None else "badcrossbar_is_missing"


def transfer256_vs_badcrossbar_solve() -> None:
    """The whole transfer matrix of 256 x 256 cells against one solve of badcrossbar."""
    transfer_vs_one_solve("arrays.transfer256_vs_badcrossbar_solve", 256, 256)


def layer784x10() -> None:
    """The transfer matrix of a 784 x 10 layer against one solve of badcrossbar."""
    transfer_vs_one_solve("arrays.layer784x10", 784, 10)


def transfer_vs_one_solve(name: str, rows: int, columns: int) -> None:
    """Time a whole transfer matrix, and badcrossbar's answer to one input of the same array."""
    from memcircuit.crossbar.transfer import transfer_matrix

    g = easy(rows, columns)
    with threadpool_limits(1):
        ours = median_seconds(lambda: transfer_matrix(g, WIRES), 9)
        theirs = peer_seconds(inputs(1, rows), g, 3)
    what = named(theirs, "badcrossbar_one_input(1_thread,output_currents_only)")
    report(name, ours, theirs, what)


def reads1000_vs_badcrossbar() -> None:
    """1000 inputs on 256 x 256 cells, once the matrix is there."""
    g, v = easy(256, 256), inputs(1000, 256)
    array = mc.Crossbar(rows=256, columns=256, wires=WIRES)
    with threadpool_limits(1):
        ours = median_seconds(lambda: array.read(v, g), 9)
        hundred = peer_seconds(v[:100], g, 3)
    theirs = None if hundred is None else 10 * hundred
    what = named(theirs, "badcrossbar_10_times_100_inputs(1_thread,output_currents_only)")
    report("arrays.reads1000_vs_badcrossbar", ours, theirs, what)


def reads1000_vs_matmul() -> None:
    """The same 1000 inputs against the plain product that knows no wires."""
    g, v = easy(256, 256), inputs(1000, 256)
    array = mc.Crossbar(rows=256, columns=256, wires=WIRES)
    with threadpool_limits(1):
        ours = median_seconds(lambda: array.read(v, g), 31)
        plain = median_seconds(lambda: v @ g, 31)
    report("arrays.reads1000_vs_matmul", ours, plain, "numpy_v@g_without_wires(1_thread)")


def transfer_growth() -> None:
    """The transfer matrix from 64 to 1024: time, growth per doubling, share of the machine's rate.

    The other figure is the time that the operations of the method take at the rate of numpy's
    product of two matrices of 1024 x 1024; the ratio is the share of that rate which is reached.
    """
    from memcircuit.crossbar.transfer import transfer_matrix

    with threadpool_limits(1):
        square = np.random.default_rng(0).random((1024, 1024))
        rate = 2 * 1024**3 / median_seconds(lambda: square @ square, 5)
        before = None
        for size in (64, 128, 256, 512, 1024):
            g = easy(size, size)
            ours = median_seconds(lambda g=g: transfer_matrix(g, WIRES), 3)
            work = operations(size, size)
            growth = "" if before is None else (
                f",exponent_{math.log2(ours / before[0]):.2f}"
                f",of_the_operations_{math.log2(work / before[1]):.2f}"
            )  # fmt: skip
            what = f"{work:.3g}_operations_at_{rate / 1e9:.0f}_GFLOP/s(1_thread{growth})"
            report(f"arrays.transfer_growth[{size}]", ours, work / rate, what)
            before = ours, work


def operations(rows: int, columns: int) -> float:
    """Floating-point operations in the merges of a dissection, the smallest tiles left out.

    A merge that eliminates s nodes between p ports factors s x s, solves s x p and forms the
    symmetric product p x s x p.
    """
    (height, down), (width, across) = tile_size(rows), tile_size(columns)
    ports = (height, height, width, width)
    total = 0.0
    while down * across > 1:
        ports = (0 if across == 1 else ports[0], ports[1], 0 if down == 1 else ports[2], ports[3])
        side_by_side = across > 1 and (down == 1 or ports[3] <= ports[1])
        way = joint(ports, ports, axis=1 if side_by_side else 0)
        shared, others = way.first.stop - way.first.start, sum(way.ports)
        if down * across == 2:
            return (
                total + shared**3 / 3 + shared**2 * (rows + columns) + 2 * shared * rows * columns
            )
        one = shared**3 / 3 + shared**2 * others + shared * others**2
        total += down * across / 2 * one
        ports = way.ports
        down, across = (down, across // 2) if side_by_side else (down // 2, across)
    return total


def read1024() -> None:
    """One input on 1024 and on 2048 rows and columns, to 1e-6 and 1e-9 of the current."""
    from memcircuit.crossbar.transfer import transfer_matrix

    with threadpool_limits(1):
        matrix = median_seconds(lambda: transfer_matrix(easy(1024, 1024), WIRES), 3)
        for size, tolerance in product((1024, 2048), (1e-6, 1e-9)):
            name = f"arrays.read1024[{size},{tolerance:g}]"
            if size == 1024:
                what = "the_whole_transfer_matrix_at_1024(1_thread)"
                report(name, single_read(size, tolerance), matrix, what)
            else:
                report(name, single_read(size, tolerance), None, "none(1_thread)")


def single_read(size: int, tolerance: float) -> float:
    """Time of one input on size x size cells, s."""
    from memcircuit.crossbar.nodes import NodeSolver

    g, lines = easy(size, size), WIRES.lines(size, size)
    ends = Ends.reading(lines, inputs(1, size)[0])
    return median_seconds(lambda: NodeSolver(g, lines).solve(ends, tolerance=tolerance), 3)


def nonlinear32_vs_ngspice() -> None:
    """32 x 32 HfO2 1T1R cells at a read: Newton's method against the netlist's operating point."""
    cell = mc.cells.OneTransistorOneMemristor(mc.device("lin2022_hfo2"))
    array = mc.Crossbar(cell, rows=32, columns=32, wires=2.0)
    states = np.random.default_rng(3).random((32, 32))
    v = inputs(1, 32)[0]
    with threadpool_limits(1):
        ours = median_seconds(lambda: array.read_cells(v, states), 9)
        theirs = median_seconds(lambda: array.read_cells(v, states, simulator="ngspice"), 5)
    judge = array.read_cells(v, states, simulator="ngspice")["output"]
    difference = float(abs(array.read_cells(v, states)["output"] / judge - 1).max())
    what = f"ngspice_.op_KLU_OSDI(1_thread,outputs_agree_to_{difference:.0e})"
    report("arrays.nonlinear32_vs_ngspice", ours, theirs, what)


def program32_vs_full() -> None:
    """Ten SET and ten RESET pulses for one of 32 x 32 1T1R cells: port network, whole netlist."""
    cell = mc.cells.OneTransistorOneMemristor(mc.device("lin2022_hfo2"))
    array = mc.Crossbar(cell, rows=32, columns=32, wires=2.0)
    states = np.random.default_rng(1).random((32, 32))
    states[16, 16] = 0.3
    pulses = [(mc.Pulse(1.8, 1e-6), 10), (mc.Pulse(-1.8, 1e-6), 10)]

    def program(*, reduced: bool) -> Any:
        return mc.program_pulses(array, states, (16, 16), pulses, reduced=reduced)

    with threadpool_limits(1):
        ours = median_seconds(lambda: program(reduced=True), 5)
        started = time.perf_counter()
        judge = program(reduced=False)["conductance"]
        theirs = time.perf_counter() - started
    difference = float(abs(program(reduced=True)["conductance"] / judge - 1).max())
    what = f"whole_netlist_in_ngspice_once(1_thread,conductances_agree_to_{difference:.0e})"
    report("arrays.program32_vs_full", ours, theirs, what)


def program128() -> None:
    """The same at 128 x 128, where the whole netlist takes minutes a pulse: port network only."""
    cell = mc.cells.OneTransistorOneMemristor(mc.device("lin2022_hfo2"))
    array = mc.Crossbar(cell, rows=128, columns=128, wires=2.0)
    states = np.random.default_rng(1).random((128, 128))
    pulses = [(mc.Pulse(1.8, 1e-6), 10), (mc.Pulse(-1.8, 1e-6), 10)]
    with threadpool_limits(1):
        ours = median_seconds(lambda: mc.program_pulses(array, states, (64, 64), pulses), 3)
    report("arrays.program128", ours, None, "none(1_thread)")


ALL = (
    transfer256_vs_badcrossbar_solve,
    reads1000_vs_badcrossbar,
    reads1000_vs_matmul,
    layer784x10,
    transfer_growth,
    read1024,
    nonlinear32_vs_ngspice,
    program32_vs_full,
    program128,
)
