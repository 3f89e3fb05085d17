"""Recurrent layers: two matrices, of which one reads what the layer said a step before."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memcircuit.checks import require_flag
from memcircuit.errors import UsageError
from memcircuit.networks.activations import activation
from memcircuit.networks.layer import Array, Layer, Matrix, Product, Shape, bias_array, weight_array


@dataclass(frozen=True, eq=False)
class _Recurrent(Layer):
    input_weights: NDArray[np.float64]
    hidden_weights: NDArray[np.float64]
    bias: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        name = type(self).__name__
        read = weight_array(self.input_weights, f"input_weights of {name}", 2)
        back = weight_array(self.hidden_weights, f"hidden_weights of {name}", 2)
        columns = self._gates() * len(back)
        if back.shape[1] != columns or read.shape[1] != columns:
            raise UsageError(
                f"{name} has input_weights {read.shape} and hidden_weights {back.shape}; "
                f"{len(back)} hidden values need {columns} columns in both"
            )
        require_flag(self._sequences(), f"return_sequences of {name}")
        object.__setattr__(self, "input_weights", read)
        object.__setattr__(self, "hidden_weights", back)
        object.__setattr__(self, "bias", bias_array(self.bias, f"bias of {name}", columns))

    @property
    def matrices(self) -> Mapping[str, Matrix]:
        """``input`` reads the sequence and holds the bias, ``hidden`` reads the last output."""
        return {
            "input": Matrix(self.input_weights, self.bias),
            "hidden": Matrix(self.hidden_weights),
        }

    def output_shape(self, shape: Shape) -> Shape:
        """Return (hidden,) or (steps, hidden) for (steps, values)."""
        if len(shape) != 2 or shape[1] != len(self.input_weights):
            raise UsageError(
                f"{type(self).__name__} takes (steps, {len(self.input_weights)}); "
                f"it is given {shape}"
            )
        hidden = len(self.hidden_weights)
        return (shape[0], hidden) if self._sequences() else (hidden,)

    def forward(self, x: Array, products: Mapping[str, Product]) -> Array:
        """Return the output of the last step, or of all, the state being 0 before the first."""
        images, steps, _ = x.shape
        # no step's input waits for another's output: one read gives all of them
        driven = products["input"](x)
        outputs = np.zeros((steps, images, len(self.hidden_weights)), x.dtype)
        state = [np.zeros(outputs.shape[1:], x.dtype) for _ in range(2)]
        for step in range(steps):
            back = products["hidden"](state[0], step=step, steps=steps)
            state = self._next(driven[:, step] + back, state[1])
            outputs[step] = state[0]
        return np.moveaxis(outputs, 0, 1) if self._sequences() else outputs[-1]

    def _gates(self) -> int:
        return 1

    def _sequences(self) -> bool:
        return False

    @abstractmethod
    def _next(self, total: Array, cell: Array) -> list[Array]:
        """Return the output and the cell's state, each (images, hidden)."""


@dataclass(frozen=True, eq=False)
class Elman(_Recurrent):
    """Elman's network: h' = f(x W + h V + b), J. L. Elman 1990, doi:10.1207/s15516709cog1402_1.

    Attributes:
        input_weights: (values, hidden) dimensionless, W.
        hidden_weights: (hidden, hidden) dimensionless, V, its rows read h.
        bias: (hidden,) dimensionless, or None; the sum of both where PyTorch has two.
        activation: name of f, one of `memcircuit.networks.activations.ACTIVATIONS`.
        return_sequences: give the output of every step, not only of the last.
    """

    activation: str = "tanh"
    return_sequences: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        activation(self.activation)

    def _sequences(self) -> bool:
        return self.return_sequences

    def _next(self, total: Array, cell: Array) -> list[Array]:
        return [activation(self.activation)(total), cell]


@dataclass(frozen=True, eq=False)
class LSTM(_Recurrent):
    """Long short-term memory with a forget gate, F. Gers 2000, doi:10.1162/089976600300015015.

    c' = f c + i g and h' = o tanh(c'); i, f, o are sigmoid and g is tanh of x W + h V + b.

    Attributes:
        input_weights: (values, 4 hidden) dimensionless, W; columns of i, f, g, o in this order.
        hidden_weights: (hidden, 4 hidden) dimensionless, V, its rows read h.
        bias: (4 hidden,) dimensionless, or None; the sum of both where PyTorch has two.
        return_sequences: give the output of every step, not only of the last.
    """

    return_sequences: bool = False

    def _gates(self) -> int:
        return 4

    def _sequences(self) -> bool:
        return self.return_sequences

    def _next(self, total: Array, cell: Array) -> list[Array]:
        let_in, keep, new, out = np.split(total, 4, axis=1)
        gate = activation("sigmoid")
        cell = gate(keep) * cell + gate(let_in) * np.tanh(new)
        return [gate(out) * np.tanh(cell), cell]
