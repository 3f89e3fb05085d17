"""The cells of one matrix: written, aged, stuck, and what they conduct behind their wires."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from memcircuit.crossbar.wires import LEAST, as_wires
from memcircuit.networks.ageing import at_temperature
from memcircuit.networks.encoding import Array, Encoded, encode
from memcircuit.networks.hardware import Hardware, ideal_wires
from memcircuit.networks.layer import Key, Matrix

# Each has a stream of its own, in this order: adding one at the end changes no draw.
_STREAMS = (
    "programming_error", "device_to_device", "cycle_to_cycle", "drift", "faults", "read_noise",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Cells:
    """The cells of one matrix.

    Attributes:
        encoded: where its weights lie, and what the cells were sent to.
        bias: (columns,) added digitally, or None.
        bias_row: whether the last row holds the bias and is driven with an input of 1.
        conductance: (slices, rows, physical columns) S, what the cells have.
        stuck: the same, -1 where a cell is stuck off, 1 where it is stuck on, 0 elsewhere.
        effective: the same, S, current at the physical column per volt on the row, wires
            included; equal to ``conductance`` with ideal wires.
        noise: the same, S, standard deviation from read to read, at the columns; None if none.
        noise_stream: draws the noise of reads, or None.
    """

    encoded: Encoded
    bias: Array | None
    bias_row: bool
    conductance: Array
    stuck: NDArray[np.int8]
    effective: Array
    noise: Array | None
    noise_stream: np.random.Generator | None

    @property
    def weights(self) -> Array:
        """The weights these cells stand for, bias row included, (rows, columns)."""
        return np.asarray(self.encoded.weights(self.effective).sum(axis=0))


def plan_cells(matrix: Matrix, hardware: Hardware, key: Key) -> Encoded:
    """Return where the weights of one matrix go; nothing is drawn or solved yet.

    Raises:
        UsageError: a fault map of another shape, or lines that do not fit its arrays.
    """
    array = hardware.array
    tile = None if array is None else (array.rows, array.columns)
    encoded = encode(matrix, hardware.mapping, hardware.span, tile, middle=hardware.middle)
    if hardware.faults is not None:
        hardware.faults.given(encoded.conductance.shape, key)
    if array is not None:
        for rows, columns in product(_sizes(encoded.row_blocks), _sizes(encoded.column_blocks)):
            as_wires(array.wires).lines(rows, columns)
    return encoded


def write_cells(
    matrix: Matrix,
    encoded: Encoded,
    hardware: Hardware,
    rng: np.random.Generator | None,
    key: Key,
) -> Cells:
    """Write one matrix to cells, let them age, and solve their wires.

    Args:
        matrix: the weights.
        encoded: where they go.
        hardware: what they are put on.
        rng: every random draw of this matrix; None where nothing is drawn.
        key: layer and name, to find a fault map.
    """
    span = hardware.span
    target = encoded.conductance
    if hardware.quantise and hardware.levels is not None:
        target = hardware.levels.nearest(target)
    streams = dict(zip(_STREAMS, rng.spawn(len(_STREAMS)), strict=True)) if rng else {}
    conductance = target
    for name in ("programming_error", "device_to_device", "cycle_to_cycle"):
        spread = hardware.spread(name)
        if spread is not None and not spread.none:
            conductance = spread.draw(conductance, span, streams[name])
    if hardware.drift is not None:
        conductance = hardware.drift.apply(conductance, streams.get("drift"))
    if hardware.temperature is not None and hardware.device is not None:
        conductance = at_temperature(
            conductance, hardware.device, hardware.temperature, hardware.read_voltage
        )
    stuck = np.zeros(conductance.shape, dtype=np.int8)
    if hardware.faults is not None and not hardware.faults.none:
        stuck = hardware.faults.draw(conductance.shape, streams.get("faults"), key)
        conductance = hardware.faults.apply(conductance, stuck, span[0])
    effective = behind_wires(conductance, encoded, hardware)
    by_row = hardware.mapping.bias == "row" and matrix.bias is not None
    return Cells(
        encoded=encoded,
        bias=None if by_row else matrix.bias,
        bias_row=by_row,
        conductance=conductance,
        stuck=stuck,
        effective=effective,
        noise=_noise(conductance, effective, hardware),
        noise_stream=streams.get("read_noise"),
    )


def behind_wires(conductance: Array, encoded: Encoded, hardware: Hardware) -> Array:
    """Return the current of every physical column per volt on every row, S.

    Args:
        conductance: (slices, rows, physical columns) S.
        encoded: which of them share an array.
        hardware: its ``array`` has the wires.
    """
    if hardware.array is None or ideal_wires(hardware.array):
        return conductance
    from memcircuit.crossbar.transfer import divided_transfer

    # what drifted below the least conductance that the solver takes is open
    solvable = np.where(conductance < LEAST, 0.0, conductance)
    arrays = product(encoded.row_blocks, encoded.column_blocks)
    return divided_transfer(solvable, arrays, hardware.array.wires)


def _sizes(blocks: tuple[slice, ...]) -> list[int]:
    return sorted({block.stop - block.start for block in blocks})


def _noise(conductance: Array, effective: Array, hardware: Hardware) -> Array | None:
    """Return the deviation of every read, as it shows at the columns.

    Behind wires a cell's deviation counts as much less as its whole current does when its row
    alone is driven. That leaves out that other rows raise the column, so it is an estimate from
    above: against redrawn cells of 64 x 40, solved exactly, it is 2 % too large where wires take
    4 % of the current (normal weights at 10 to 100 kohm, 1 ohm), 6 % where they take 10 %
    (balanced pairs), 19 % at 35 % and 55 % at 64 % (the same at 1 to 40 kohm, 2 ohm).
    """
    spread = hardware.spread("read_noise")
    if spread is None:
        return None
    deviation = spread.deviation(conductance, hardware.span)
    if effective is conductance:
        return deviation
    share = np.divide(effective, conductance, out=np.ones_like(effective), where=conductance > 0.0)
    return np.asarray(deviation * np.clip(share, 0.0, None))
