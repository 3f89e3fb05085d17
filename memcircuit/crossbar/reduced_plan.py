"""A plan made ready for a port network, or the reason why none can stand for its array."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from memcircuit.crossbar.charging import Lag, array_capacitances, charging_lag, open_transistors
from memcircuit.crossbar.frozen import FrozenCells, cells_to_simulate, freeze
from memcircuit.crossbar.plan import ArrayPlan
from memcircuit.crossbar.reduction import PortNetwork, reduce_array
from memcircuit.crossbar.selection import BIASES

if TYPE_CHECKING:
    from pyspice_netlists import Pulse

# One network serves pulses of several amplitudes while it errs by less than this share of the
# driver at each port: at an e-fold rate per 0.12 V and 1.8 V, by 0.015 % of a pulse.
_SAME_NETWORK = 1e-5
# The same for the driver's current, which is energy only.
_SAME_CURRENT = 1e-3
# The square of the lines' lag as a share of edge times width of a pulse. What the pulse does to a
# state errs by about ten times this, measured on arrays of 8 x 8 against the full netlist.
_SQUARE_OF_LAG = 5e-5
# What charging lines may cost beside the energy of a pulse, which does not hold it.
_CHARGING_LOSS = 1e-3


@dataclass(frozen=True, eq=False)
class Reduction:
    """An array made ready: which cells are simulated, and their port network for each amplitude.

    Attributes:
        cells: (k, 2) row and column of the simulated cells, the selected ones first.
        networks: the port networks.
        frozen: the cells that each was made of.
        choice: by amplitude of the pulses (V), the number of its network.
        charging: by amplitude, how far the charging of the lines is behind, and the power of the
            cells on the plateau, W; empty without capacitances.
    """

    cells: NDArray[np.int64]
    networks: tuple[PortNetwork, ...]
    frozen: tuple[FrozenCells, ...]
    choice: Mapping[float, int]
    charging: Mapping[float, tuple[Lag, float]] = field(default_factory=dict)

    def too_slow(self, pulses: Sequence[Pulse]) -> str:
        """Return why lines charge too slowly for pulses of these amplitudes; empty if not."""
        for pulse in pulses if self.charging else ():
            lag, power = self.charging[float(pulse.amplitude)]
            edge, energy = min(pulse.rise, pulse.fall), power * pulse.width
            if lag.square > _SQUARE_OF_LAG * edge * pulse.width:
                return (
                    f"lines charge {lag.square**0.5:.2g} s late, too slow for edges of {edge:g} s "
                    f"and a width of {pulse.width:g} s"
                )
            loss = lag.loss * pulse.amplitude**2 * (1 / pulse.rise + 1 / pulse.fall)
            if loss > _CHARGING_LOSS * energy:
                return (
                    f"charging the lines takes {loss:.2g} J, of a pulse of {energy:.2g} J in the "
                    "cells"
                )
        return ""


def reduce_plan(plan: ArrayPlan) -> Reduction | str:
    """Return the port networks for the pulses, or why none can stand for the array.

    There is one at the plateau of each amplitude that the earlier ones do not fit. None can stand
    for more cells behind closed transistors than one row and one column hold, nor for transistors
    on lines that are open, whose potential their capacitances decide, or that are driven without
    being selected: each drain there charges through its memristor. Nor for lines that charge so
    slowly that the pulses or their energies differ.
    """
    selection, gated = plan.selection, plan.cell.gated
    if gated:
        if selection.bias != BIASES["grounded"]:
            return "transistors charge on lines that are not selected and not at 0 V"
        ends = selection.lines(plan.lines)
        if np.isinf([*np.minimum(ends.left, ends.right), *np.minimum(ends.top, ends.bottom)]).any():
            return "the capacitances of transistors decide the potential of open lines"
    levels = list(dict.fromkeys(float(pulse.amplitude) for pulse in plan.pulses))
    frozen = freeze(plan.law, plan.states, selection, plan.lines, levels)
    closed = ~open_transistors(plan.cell, selection) if gated else None
    cells = cells_to_simulate(frozen, selection, closed)
    if len(cells) > sum(selection.shape) + len(selection.cells):
        return f"{len(cells)} cells are selected or see the pulses behind closed transistors"
    found: list[tuple[FrozenCells, PortNetwork]] = []
    choice: dict[float, int] = {}
    charging: dict[float, tuple[Lag, float]] = {}
    capacitances = array_capacitances(plan.cell, selection, plan.lines)
    for level, point in zip(levels, frozen, strict=True):
        errors = [known.misfit(point, network) for known, network in found]
        fits = [volts <= _SAME_NETWORK and amps <= _SAME_CURRENT for volts, amps in errors]
        if not any(fits):
            network = reduce_array(plan.lines, selection, cells, point.g, point.source)
            found.append((point, network))
            choice[level] = len(found) - 1
        else:
            choice[level] = fits.index(True)
        if capacitances is not None:
            network = found[choice[level]][1]
            lag = charging_lag(network, point.g, plan.lines, selection, capacitances)
            charging[level] = lag, float((point.voltage * point.current).sum())
    networks = tuple(network for _, network in found)
    reduction = Reduction(cells, networks, tuple(point for point, _ in found), choice, charging)
    return reduction.too_slow(plan.pulses) or reduction
