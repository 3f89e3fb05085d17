"""Where in a result the states of a bench's cells are, and what they mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from memcircuit.errors import SimulationError
from memcircuit.experiments.driven_device import OwnState

if TYPE_CHECKING:
    from memcircuit.simulate.waves import Waves
    from pyspice_netlists import Bench, Cell

Array = NDArray[np.float64]

# States may be this far from where they were told to start; one that is lost starts at 0.
_START_TOLERANCE = 0.005


@dataclass(frozen=True)
class StateRecord:
    """The vectors of the states of some cells.

    Attributes:
        vectors: one per memristor, cell by cell; empty for devices that show no state.
        origin: (memristors,) state where its vector is zero.
        scale: change of the state per unit of its vector.
        start: (memristors,) the states asked for, to be found in the result, nan where none was;
            None to believe the result.
    """

    vectors: tuple[str, ...]
    origin: Array
    scale: float = 1.0
    start: Array | None = None

    def waves(self, raw: Waves) -> Array:
        """Return the states, (memristors, time), of a record that has vectors.

        Raises:
            SimulationError: the device did not start, or did not stay, where it was told to.
        """
        states = raw.of(self.vectors) * self.scale + self.origin[:, np.newaxis]
        if self.start is not None:
            # every stimulus starts at 0 V, where nothing moves this fast
            told = np.where(np.isnan(self.start), states[:, 0], self.start)
            off = np.abs(states[:, :2] - told[:, np.newaxis]).max(axis=1)
            off /= np.maximum(np.abs(told), 1)
            worst = int(np.argmax(off))
            if off[worst] > _START_TOLERANCE:
                raise SimulationError(
                    f"state {self.vectors[worst]} is {states[worst, 0]:g} at the start and "
                    f"{states[worst, 1]:g} one time step later, instead of {told[worst]:g} at both."
                    " ngspice honours neither idt(rate, start) nor analysis('static') in a "
                    "transient: hold the state where $abstime <= 0. Or state, state_range and "
                    "initial_state_parameter do not belong together."
                )
        return states


def state_record(cell: Cell, bench: Bench, initial_state: Array) -> StateRecord:
    """Return where the states of a bench are.

    Args:
        cell: the kind of cell of the bench.
        bench: of ``pyspice_netlists.cell_bench``.
        initial_state: (cells,) or (cells, memristors).
    """
    device, several = cell.device, len(cell.memristors)
    cells = len(initial_state)
    states = np.broadcast_to(initial_state.reshape(cells, -1), (cells, several)).ravel()
    if not isinstance(device, OwnState):
        return StateRecord(bench.states, states)
    # cell number k is the instance X{k}, a memristor in it X and its name
    places = [f"x{index}.x{name}" for index in range(cells) for name in cell.memristors]
    vectors = tuple(
        device.state_vector(place, vector.removeprefix("v(").removesuffix(")"))
        for place, vector in zip(places, bench.states, strict=True)
    )
    low, high = device.state_range
    return StateRecord(
        tuple(filter(None, vectors)),
        origin=np.full(states.shape, -low / (high - low)),
        scale=1 / (high - low),
        start=np.where(device.takes_initial_state, states, np.nan),
    )
