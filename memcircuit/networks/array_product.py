"""The product of inputs with weights as arrays of cells compute it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import DTypeLike, NDArray

from memcircuit.networks.cells import Cells
from memcircuit.networks.converters import Converter, Steps
from memcircuit.networks.hardware import Hardware
from memcircuit.networks.layer import Array


@dataclass
class Reach:
    """How far the inputs of a matrix and the sums of its arrays reach; grows as images are seen.

    Attributes:
        dac: its quantile counts for the inputs.
        adc: its quantile counts for the sums.
        inputs: highest absolute input.
        sums: highest absolute sum.
        signed_inputs: whether an input lay below zero.
        signed_sums: whether a sum did.
    """

    dac: Converter | None
    adc: Converter | None
    inputs: float = 0.0
    sums: float = 0.0
    signed_inputs: bool = False
    signed_sums: bool = False

    def see_inputs(self, x: Array) -> None:
        """Take these inputs into account."""
        self.inputs = max(self.inputs, _quantile(x, self.dac))
        self.signed_inputs |= bool((x < 0).any())

    def see_sums(self, x: Array) -> None:
        """Take these sums into account."""
        self.sums = max(self.sums, _quantile(x, self.adc))
        self.signed_sums |= bool((x < 0).any())


@dataclass(frozen=True, eq=False)
class ArrayProduct:
    """One matrix as arrays compute it: a `Product`.

    Reads draw noise for whole sums instead of single cells: the sum of independent normal
    deviations is normal with the sum of their variances, so the result is distributed alike. Of
    bridges that is the first order, and behind wires an estimate.

    Attributes:
        parts: weights that are summed in one conversion: rows of the matrix, and
            (rows, columns) dimensionless; one part where no converter stands between.
        noise: the variances of the parts' weights, each (rows, columns), or None; (rows, 1) where
            those of all columns are alike, which saves a product; with offset columns theirs
            follow, (rows, columns + offset columns).
        offset_of: (columns,) which offset column's noise each sum is less; None without.
        offset_scale: (columns,) what that counts in each sum.
        gains: (columns,) for every part, what its sums are multiplied by after conversion: those
            of all digits and columns are converted as if each held the largest weight; None
            where nothing is to be multiplied.
        bias: (columns,) added digitally, or None.
        bias_row: whether the last row is driven with an input of 1.
        stream: draws the noise.
        dac: levels of the inputs, or None.
        adc: levels of the sums, or None.
        converters: what they are calibrated from.
        reach: watches inputs and sums, during calibration only.
    """

    parts: tuple[tuple[slice, Array], ...]
    noise: tuple[Array, ...] | None
    offset_of: NDArray[np.intp] | None
    offset_scale: Array
    gains: tuple[Array, ...] | None
    bias: Array | None
    bias_row: bool
    stream: np.random.Generator | None
    dac: Steps | None
    adc: Steps | None
    converters: tuple[Converter | None, Converter | None]
    reach: Reach | None = None
    _drawn: list[Array] = field(default_factory=list)

    @classmethod
    def of(cls, cells: Cells, hardware: Hardware, dtype: DTypeLike) -> ArrayProduct:
        """Return the product of cells.

        Args:
            cells: of one matrix.
            hardware: its converters; those with a range of their own are ready.
            dtype: of the arithmetic.
        """
        encoded = cells.encoded
        weights = encoded.weights(cells.effective)
        variances, noise, gains = None, None, None
        offset_scale = encoded.scale
        if cells.noise is not None and cells.noise_stream is not None:
            variances = encoded.variance(cells.conductance, cells.noise)
            shared = encoded.offset_variance(cells.noise)
        if hardware.adc is None:
            whole = slice(0, weights.shape[1])
            parts = [(whole, weights.sum(axis=0))]
            if variances is not None:
                noise = [np.hstack([variances.sum(axis=0), shared.sum(axis=0)])]
        else:
            places = [(s, rows) for s in range(len(weights)) for rows in encoded.row_blocks]
            gain = encoded.gain
            parts = [(rows, weights[s, rows] / gain[s]) for s, rows in places]
            if variances is not None:
                noise = [
                    np.hstack([variances[s, rows] / gain[s] / gain[s], shared[s, rows]])
                    for s, rows in places
                ]
                offset_scale = encoded.scale / gain[0]
            if (gain != 1.0).any():
                gains = tuple(gain[s].astype(dtype) for s, _ in places)
        return cls(
            parts=tuple((rows, part.astype(dtype)) for rows, part in parts),
            noise=None if noise is None else tuple(_together(one).astype(dtype) for one in noise),
            offset_of=encoded.offset_of if encoded.mapping.encoding == "offset" else None,
            offset_scale=offset_scale.astype(dtype),
            gains=gains,
            bias=None if cells.bias is None else cells.bias.astype(dtype),
            bias_row=cells.bias_row,
            stream=cells.noise_stream,
            dac=_fixed(hardware.dac),
            adc=_fixed(hardware.adc),
            converters=(hardware.dac, hardware.adc),
        )

    @property
    def dtype(self) -> np.dtype[np.floating]:
        """Of the arithmetic."""
        return self.parts[0][1].dtype

    def astype(self, dtype: DTypeLike) -> ArrayProduct:
        """Return the same in another number type; noise goes on where it was."""
        return replace(
            self,
            parts=tuple((rows, part.astype(dtype)) for rows, part in self.parts),
            noise=None if self.noise is None else tuple(one.astype(dtype) for one in self.noise),
            offset_scale=self.offset_scale.astype(dtype),
            gains=None if self.gains is None else tuple(one.astype(dtype) for one in self.gains),
            bias=None if self.bias is None else self.bias.astype(dtype),
            _drawn=[],
        )

    def apart(self) -> ArrayProduct:
        """Return the same with a stream of noise of its own, which leaves this one alone."""
        if self.stream is None:
            return self
        own = np.random.Generator(type(self.stream.bit_generator)())
        own.bit_generator.state = self.stream.bit_generator.state
        return replace(self, stream=own, _drawn=[])

    def calibrated(self, reach: Reach) -> ArrayProduct:
        """Return the same with the ranges that were not given taken from what was seen."""
        dac, adc = self.converters
        found = self
        if dac is not None and found.dac is None:
            found = replace(found, dac=Steps.of(dac, reach.inputs, signed=reach.signed_inputs))
        if adc is not None and found.adc is None:
            found = replace(found, adc=Steps.of(adc, reach.sums, signed=reach.signed_sums))
        return found

    def __call__(self, x: Array, step: int = 0, steps: int = 1) -> Array:
        """Return x W + b; see `Product`."""
        if self.reach is not None:
            self.reach.see_inputs(x)
        if self.dac is not None:
            x = self.dac.convert(x)
        if self.bias_row:
            x = np.concatenate([x, np.ones((*x.shape[:-1], 1), x.dtype)], axis=-1)
        normal = self._normal(x, step, steps)
        # one product of two matrices: numpy would take a stack of inputs one after another
        flat = x.reshape(-1, x.shape[-1])
        total = self._part(0, flat, normal)
        for index in range(1, len(self.parts)):
            total += self._part(index, flat, normal)
        if self.bias is not None:
            total += self.bias
        return total.reshape(*x.shape[:-1], -1)

    def _part(self, index: int, x: Array, normal: Array | None) -> Array:
        """Return the sums of one part, converted, (reads, columns)."""
        rows, weights = self.parts[index]
        piece = x if len(self.parts) == 1 else x[:, rows]
        found: Array = piece @ weights
        if normal is not None and self.noise is not None:
            deviation = np.square(piece) @ self.noise[index]
            np.sqrt(deviation, out=deviation)
            strayed = normal[:, index]
            strayed *= deviation
            columns = weights.shape[1]
            found += strayed[:, :columns]
            if self.offset_of is not None:
                found -= strayed[:, columns:][:, self.offset_of] * self.offset_scale
        if self.reach is not None:
            self.reach.see_sums(found)
        if self.adc is not None:
            found = self.adc.convert(found)
        if self.gains is not None:
            found *= self.gains[index]
        return found

    def _normal(self, x: Array, step: int, steps: int) -> Array | None:
        """Return one normal number for every sum and offset column, (reads, parts, columns).

        Those of all steps are drawn at the first one, so that the numbers of an image do not
        depend on how many others are computed with it.
        """
        if self.noise is None or self.stream is None:
            return None
        if step == 0:
            sums = self.parts[0][1].shape[1]
            if self.offset_of is not None:
                sums += int(self.offset_of.max()) + 1
            shape = (len(x), steps, *x.shape[1:-1], len(self.parts), sums)
            self._drawn[:] = [self.stream.standard_normal(shape, dtype=x.dtype)]
        normal: Array = self._drawn[0][:, step].reshape(-1, *self._drawn[0].shape[-2:])
        if step == steps - 1:
            self._drawn.clear()
        return normal


def _together(variance: Array) -> Array:
    """Return one column where all are alike, as with noise of the same size for every cell."""
    alike = bool((variance == variance[:, :1]).all())
    return variance[:, :1] if alike else variance


def _fixed(converter: Converter | None) -> Steps | None:
    if converter is None or converter.range == "calibrated":
        return None
    return Steps.of(converter, float(converter.range), signed=converter.signed)


def _quantile(x: Array, converter: Converter | None) -> float:
    size = np.abs(x)
    if converter is None or converter.quantile == 1.0:
        return float(size.max())
    return float(np.quantile(size, converter.quantile))
