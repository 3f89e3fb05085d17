"""The graph of an ONNX file as nodes, and the walk along it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memcircuit.errors import UsageError
from memcircuit.networks.importers.chain import Chain, named


@dataclass(frozen=True, eq=False)
class Node:
    """One node of the graph.

    Attributes:
        operator: its type.
        name: as in the file, often empty.
        inputs: names of what it reads, empty for one that is left out.
        constants: those inputs that the file holds, by their place.
        outputs: names of what it gives.
        used: places of those outputs that the graph reads.
        attributes: by name, those that the file states.
    """

    operator: str
    name: str
    inputs: tuple[str, ...]
    constants: Mapping[int, NDArray[Any]]
    outputs: tuple[str, ...]
    used: tuple[int, ...]
    attributes: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.operator} {self.name or self.outputs[0]!r}"

    def constant(self, place: int, what: str) -> NDArray[Any]:
        """Return an input that the file must hold."""
        if place not in self.constants:
            raise UsageError(f"the graph computes its {what}; the file must hold them")
        return self.constants[place]

    def optional(self, place: int, what: str) -> NDArray[Any] | None:
        """Return an input that the file must hold if the node has it."""
        if place >= len(self.inputs) or not self.inputs[place]:
            return None
        return self.constant(place, what)

    def demand(self, **wanted: Any) -> None:
        """Refuse attributes that change the computing; absent ones have the wanted value."""
        for key, value in wanted.items():
            given = self.attributes.get(key, value)
            if not np.array_equal(given, value):
                raise UsageError(
                    f"{key} is {given!r}, which is not supported; it must be {value!r}"
                )


class Walk:
    """The chain of layers while the nodes are read, and how the value between them is laid out.

    Attributes:
        chain: the layers so far.
        layout: for each axis of the graph's value, the axis of ours it is, 0 being the images and
            None an axis of length 1 that ours does not have.
        batch: images in the file, or None where it leaves them open.
        lengths: of the axes of every value so far, by its name, -1 being the number of images.
        opset: version of the operators.
    """

    def __init__(
        self,
        name: str,
        dimensions: Sequence[int | None],
        input_shape: Sequence[int] | None,
        *,
        steps_first: bool,
        opset: int,
    ) -> None:
        self.opset = opset
        self._value = name
        natural = tuple(range(len(dimensions)))
        swapped = steps_first and len(natural) == 3
        self.layout: tuple[int | None, ...] = (1, 0, 2) if swapped else natural
        by_axis = dict(zip(self.layout, dimensions, strict=True))
        self.batch = by_axis.get(0)
        stated = tuple(by_axis[axis] for axis in natural[1:])
        shape = stated if input_shape is None else Chain(input_shape).shape
        if len(shape) != len(stated) or any(
            wanted not in (None, given) for wanted, given in zip(stated, shape, strict=True)
        ):
            raise UsageError(f"input_shape is {shape}; the ONNX file says {stated}")
        if not shape or None in shape:
            raise UsageError(f"the ONNX file says {stated} about its input; give input_shape")
        self.lengths: dict[str, list[int]] = {}
        self.chain = Chain(shape)  # type: ignore[arg-type]  # no None is left
        self._measure()

    def pass_through(self, node: Node, convert: Callable[[Walk, Node], None]) -> None:
        """Append what a node computes by ``convert``, and go on with the one output of it."""
        data = [
            name for place, name in enumerate(node.inputs) if name and place not in node.constants
        ]
        if data != [self._value] or len(node.used) != 1:
            raise UsageError(
                f"{node} reads {data} where the value is {self._value!r}, and {len(node.used)} of "
                "its outputs are read; the nodes must form a chain"
            )
        with named(str(node)):
            try:
                convert(self, node)
            except (LookupError, TypeError, ValueError) as error:
                raise UsageError(f"its attributes do not fit its inputs ({error})") from error
        self._value = node.outputs[node.used[0]]
        self._measure()

    def _measure(self) -> None:
        lengths: dict[int | None, int] = {None: 1, 0: -1, **dict(enumerate(self.chain.shape, 1))}
        self.lengths[self._value] = [lengths[axis] for axis in self.layout]

    def axis(self, given: int) -> int:
        """Return an axis of the graph's value counted from the front."""
        axes = len(self.layout)
        if not -axes <= given < axes:
            raise UsageError(f"axis is {given}; what it reads has {axes} axes")
        return given % axes

    def natural(self) -> None:
        """Refuse a value whose axes are not images first, the others in our order."""
        if self.layout != tuple(range(len(self.chain.shape) + 1)):
            raise UsageError("it reads axes that a Transpose moved, which is not supported")

    def end(self, outputs: Sequence[str]) -> None:
        """Check that the graph ends where the chain does."""
        if list(outputs) != [self._value]:
            raise UsageError(f"the ONNX graph has outputs {outputs}; it must end in one chain")
        axes = [axis for axis in self.layout if axis is not None]
        if axes not in ([*range(len(axes))], [1, 0, 2]):
            raise UsageError("the ONNX graph ends with a Transpose, which is not supported")
