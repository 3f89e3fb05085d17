"""Experiments whose points share netlists."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from memcircuit.experiments.loop_batch import iv_loop_batch, loop_batchable
from memcircuit.experiments.measured import Batch
from memcircuit.experiments.train_batch import batch_size, batchable, pulse_train_batch
from memcircuit.sweeps.fixed import even_loops
from memcircuit.sweeps.record import Record, measured_record

# ngspice takes 0.84, 0.65, 0.56, 0.54 and 0.58 ms for each cell of netlists of 32, 64, 128, 256 and
# 512 under one pulse; the smaller the netlist, the less is lost with a cell that fails.
_MOST = 192


@dataclass(frozen=True)
class SharedNetlist:
    """An experiment on cells that sit side by side in one netlist.

    Attributes:
        batchable: whether points may differ by a parameter.
        simulate: the experiment for many points.
        fixed: brings its result to a form that all netlists have.
        size: how many points a netlist may have, at most as many as its second argument says.
    """

    batchable: Callable[[Mapping[str, Any], str], bool]
    simulate: Callable[[Mapping[str, Any], Mapping[str, NDArray[Any]]], Batch]
    fixed: Callable[[Batch], Batch] | None = None
    size: Callable[[Mapping[str, Any], int], int] | None = None

    def may_differ(self, arguments: Mapping[str, Any], paths: Collection[str]) -> set[str]:
        """Return which of these parameters may differ from cell to cell of one netlist.

        Args:
            arguments: of the experiment.
            paths: parameters of the sweep.
        """
        if "device" not in arguments:
            return set()
        return {path for path in paths if self.batchable(arguments, path)}

    def most(self, arguments: Mapping[str, Any]) -> int:
        """Return how many points one netlist may have at most.

        Args:
            arguments: of the experiment.
        """
        return _MOST if self.size is None else self.size(arguments, _MOST)

    def run(self, arguments: Mapping[str, Any], columns: Mapping[str, NDArray[Any]]) -> Record:
        """Simulate points together.

        Args:
            arguments: of the experiment, with what does not differ.
            columns: by parameter, (points, ...).
        """
        found = self.simulate(arguments, columns)
        if self.fixed is not None:
            found = self.fixed(found)
        return measured_record(found.variables, found.coordinates, found.attributes)


PULSE_TRAIN = SharedNetlist(batchable, pulse_train_batch, size=batch_size)
IV_LOOP = SharedNetlist(loop_batchable, iv_loop_batch, even_loops)
