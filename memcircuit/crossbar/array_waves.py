"""Waveforms of a whole array, read from the simulator's result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from memcircuit.crossbar.nodes import EndCurrents
from memcircuit.crossbar.wires import Array, Ends

if TYPE_CHECKING:
    from memcircuit.simulate.waves import Waves
    from pyspice_netlists import CrossbarBench
    from pyspice_netlists.lines import Names


@dataclass(frozen=True, eq=False)
class ArrayWaves:
    """Waveforms of an array, time first.

    Attributes:
        time: (n,) s.
        ends: potentials of the ends, each (n, lines) V; an open end takes no notice.
        gate: (n, gate lines) V.
        row: (n, rows, columns) V, where the cells meet their row lines.
        column: (n, rows, columns) V, where they meet their column lines.
        at_ends: currents at the ends, each (n, lines) A.
        gate_current: (n, gate lines) A, into the gate lines.
        state: (n, rows, columns) of the memristors; (n, 0, 0) for resistors.
        inner: other nodes of the cells by name, each (n, rows, columns) V.
    """

    time: Array
    ends: Ends
    gate: Array
    row: Array
    column: Array
    at_ends: EndCurrents
    gate_current: Array
    state: Array
    inner: Mapping[str, Array]


def array_waves(
    raw: Waves,
    bench: CrossbarBench,
    *,
    ends: Ends,
    gate: Array,
    states: Array,
    inner: Mapping[str, Names],
) -> ArrayWaves:
    """Return the waveforms of a simulated bench.

    Args:
        raw: result of the bench.
        bench: the array.
        ends: as in :class:`ArrayWaves`.
        gate: as in :class:`ArrayWaves`.
        states: (rows, columns) at the start; (0, 0) for resistors.
        inner: vectors of other nodes by name, each (rows, columns).
    """
    time = raw.axis

    def waves(names: object) -> Array:
        places = np.asarray(names, dtype=object)
        found = raw.data[:, [raw.columns[name] if name else 0 for name in places.flat]]
        found[:, places.ravel() == ""] = 0.0  # an open end carries nothing
        return found.reshape(time.size, *places.shape)

    gates = [f"i(vgate{line})" for line in range(gate.shape[1])]
    # ngspice counts from the line into its end
    at_ends = EndCurrents(
        -waves(bench.left), -waves(bench.right), waves(bench.top), waves(bench.bottom)
    )
    return ArrayWaves(
        time=time,
        ends=ends,
        gate=gate,
        row=waves(bench.row_voltage),
        column=waves(bench.column_voltage),
        at_ends=at_ends,
        gate_current=-waves(gates),
        state=np.clip(states + waves(bench.states), 0.0, 1.0),
        inner={name: waves(vectors) for name, vectors in inner.items()},
    )
