"""What the arrays of a network have to do for one input: voltages, currents, conversions."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memcircuit.errors import TableError
from memcircuit.networks.array_product import ArrayProduct
from memcircuit.networks.cells import Cells
from memcircuit.networks.layer import Key
from memcircuit.networks.network import input_array, layer_outputs
from memcircuit.networks.programmed import ProgrammedNetwork
from memcircuit.tables import ConductanceTable

FloatArray = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class ArrayLoad:
    """What the arrays of one matrix do.

    Attributes:
        conductance: (slices, rows, physical columns) S of every cell.
        row_conductance: (slices, rows) S that a row's driver sees, wires left out.
        mean_square_voltage: (rows,) V^2 on a row, mean over reads.
        reads: reads per input of the network.
        column_arrays: arrays beside each other that share a row's input; each has drivers.
        row_arrays: arrays below each other; the sums of each are converted.
        columns: sums that one read makes in each slice and row of arrays.
    """

    conductance: FloatArray
    row_conductance: FloatArray
    mean_square_voltage: FloatArray
    reads: float
    column_arrays: int
    row_arrays: int
    columns: int

    @property
    def slices(self) -> int:
        """Digits that every weight is stored in."""
        return len(self.conductance)

    @property
    def drivers(self) -> int:
        """Rows of all arrays, each with a driver."""
        return self.row_conductance.size * self.column_arrays

    @property
    def conversions(self) -> int:
        """Sums of all arrays that one read makes."""
        return self.slices * self.row_arrays * self.columns


def read_energy(
    row_conductance: ArrayLike, mean_square_voltage: ArrayLike, reads: float, read_time: float
) -> float:
    """Return what the drivers of an array's rows give, J: sum of V^2 G t.

    Columns are held at 0 V, and wires take nothing: with them the cells draw less.

    Args:
        row_conductance: (..., rows) S, sum of the cells of each row.
        mean_square_voltage: (rows,) V^2.
        reads: number of reads.
        read_time: s, length of each.
    """
    power = np.asarray(row_conductance) * np.asarray(mean_square_voltage)
    return float(power.sum()) * reads * read_time


def writing_energy(conductance: ArrayLike, table: ConductanceTable) -> FloatArray:
    """Return the energy of the SET pulses that bring cells from the table's lowest state, J.

    A cell gets as many pulses as lead to the mean level nearest to it, each with the table's mean
    energy at its place in the train; the reads in between are not counted.

    Args:
        conductance: S, any shape; beyond the levels, the train's first or last.
        table: of the cells.

    Returns:
        The shape of ``conductance``.

    Raises:
        TableError: levels that do not rise with the pulses.
    """
    levels, _ = table.levels("set")
    values = table.dataset["energy"].sel(direction="set").mean(("device", "cycle")).to_numpy()
    spent = np.cumsum(values[: len(levels)])
    # pulses that brought nothing lead to no level of their own
    new = np.append(True, levels[1:] > np.maximum.accumulate(levels)[:-1])
    levels, spent = levels[new], spent[new]
    if len(levels) < 2:
        raise TableError("the table's SET pulses raise no conductance; no energy leads anywhere")
    middles = 0.5 * (levels[1:] + levels[:-1])
    return np.asarray(spent[np.searchsorted(middles, np.asarray(conductance, dtype=float))])


def erasing_energy(count: int, table: ConductanceTable) -> float:
    """Return the energy of the table's whole RESET train for so many cells, J."""
    pulses: int = table.curves("reset").shape[-1] - 1
    return count * pulses * table.pulse_energy("reset")


def observed_loads(programmed: ProgrammedNetwork, images: ArrayLike) -> dict[Key, ArrayLoad]:
    """Return what the arrays do on average for these images.

    The highest absolute input of a matrix, that of its bias row included, or the end of its DAC's
    range is the hardware's read voltage.

    Args:
        programmed: the network on its cells; its noise does not go on.
        images: (images, *input_shape) dimensionless.

    Raises:
        UsageError: images that do not fit.
    """
    x = input_array(programmed.network, images, np.float64)
    meters = {
        key: _Meter(product.astype(np.float64).apart())
        for key, product in programmed.products.items()
    }
    step = programmed.network.usual_batch
    for start in range(0, len(x), step):
        layer_outputs(programmed.network, x[start : start + step], meters)
    voltage = programmed.hardware.read_voltage
    return {
        key: _load(cells, meters[key], len(x), voltage) for key, cells in programmed.cells.items()
    }


@dataclass
class _Meter:
    """Stands before a product and keeps what goes in; a `Product`."""

    product: ArrayProduct
    reads: int = 0
    largest: float = 0.0
    squares: list[FloatArray] = field(default_factory=list)

    def __call__(self, x: FloatArray, step: int = 0, steps: int = 1) -> FloatArray:
        given = x if self.product.dac is None else self.product.dac.convert(x)
        flat = given.reshape(-1, given.shape[-1])
        if self.product.bias_row:
            flat = np.concatenate([flat, np.ones((len(flat), 1))], axis=1)
        self.reads += len(flat)
        self.largest = max(self.largest, float(np.abs(flat).max()))
        self.squares.append(np.einsum("ij,ij->j", flat, flat))
        return self.product(x, step, steps)

    def mean_square(self) -> FloatArray:
        """Return the mean square input of every row, its full scale being 1."""
        dac = self.product.dac
        reach = 0.0 if dac is None else dac.step * max(dac.highest, -dac.lowest)
        scale = max(self.largest, reach)  # a bias row may lie above the converter's range
        total: FloatArray = np.sum(self.squares, axis=0)
        return total / (self.reads * scale**2) if scale > 0.0 else np.zeros_like(total)


def _load(cells: Cells, meter: _Meter, images: int, voltage: float) -> ArrayLoad:
    encoded = cells.encoded
    return ArrayLoad(
        conductance=cells.conductance,
        row_conductance=_row_conductance(cells),
        mean_square_voltage=voltage**2 * meter.mean_square(),
        reads=meter.reads / images,
        column_arrays=len(encoded.column_blocks),
        row_arrays=len(encoded.row_blocks),
        columns=len(encoded.scale),
    )


def _row_conductance(cells: Cells) -> FloatArray:
    """Return what every row's driver sees, (slices, rows) S."""
    g = cells.conductance
    if cells.encoded.mapping.encoding != "bridge":
        return np.asarray(g.sum(axis=-1))
    # both arms of a bridge lie between the row and ground, their middles unloaded
    total = np.zeros(g.shape[:2])
    places = cells.encoded.places[..., 0]
    for upper, lower in ((0, 1), (2, 3)):
        one, other = g[..., places[:, upper]], g[..., places[:, lower]]
        both = one + other
        series = np.divide(one * other, both, out=np.zeros_like(both), where=both > 0.0)
        total += series.sum(axis=-1)
    return total
