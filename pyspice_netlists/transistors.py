"""Access transistors as subcircuits with the pins drain, gate, source, and their current."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pyspice_netlists.checks import positive
from pyspice_netlists.errors import NetlistError
from pyspice_netlists.mosfet import Mosfet
from pyspice_netlists.transistor_law import TransistorLaw
from pyspice_netlists.vdmos import Vdmos

if TYPE_CHECKING:
    from PySpice.Spice.Netlist import SubCircuit


@dataclass(frozen=True)
class Transistor:
    """An access transistor.

    Attributes:
        name: name of the subcircuit.
        lines: model card and subcircuit, what a deck needs once.
        description: what it is and where its values come from.
        pins: order of the subcircuit's pins.
        law: the values of its card, which give its current without a simulator; None when only
            its lines are known.
        free: instance parameters of the subcircuit, with the values of those that set none.
    """

    name: str
    lines: tuple[str, ...]
    description: str
    pins: tuple[str, str, str] = ("drain", "gate", "source")
    law: TransistorLaw | None = None
    free: Mapping[str, float] = field(default_factory=dict, hash=False)

    @property
    def cell_parameters(self) -> dict[str, float]:
        """The same as parameters of the cell that it is part of."""
        return {f"transistor_{name}": value for name, value in self.free.items()}

    def add_to(self, circuit: SubCircuit, *nodes: str) -> None:
        """Add the transistor to a cell, with drain, gate and source at these nodes."""
        passed = {name: f"{{transistor_{name}}}" for name in self.free}
        circuit.X("transistor", self.name, *nodes, **passed)


_CARD_2N7002 = Vdmos(
    vto=2.1405, kp=0.34691, lambda_=0.01, rd=0.38234, rs=0.51567, mtriode=1.2734,
    ksubthres=0.08, rg=20, cgs=16e-12, cgdmax=23.52e-12, cgdmin=2.939e-12, a=0.3,
    cjo=29.58e-12, m=0.4, vj=0.7, bv=75, ibv=10e-6, is_=1e-12, n=1.2, rb=0.3, tt=100e-9,
)  # fmt: skip

Array = NDArray[np.float64]

# m, from the gate to the far edge of a drain that holds one contact.
_DIFFUSION = 0.85e-6

N2N7002 = Transistor(
    name="q2n7002",
    description=(
        "2N7002 discrete NMOS, own fit of ngspice's VDMOS to typical data sheet figures: "
        "threshold 2.1 V at 250 uA, on-resistance 1.2 ohm at 10 V / 0.5 A and 1.7 ohm at "
        "5 V / 50 mA, transconductance 0.32 S at 0.2 A, Ciss / Coss / Crss 20 / 11 / 4 pF at 25 V"
    ),
    lines=_CARD_2N7002.lines("q2n7002"),
    law=_CARD_2N7002,
)


def integrated_nmos(w: float = 10e-6, l: float = 0.35e-6) -> Transistor:  # noqa: E741
    """Return an NMOS of a 3.3 V, 350 nm process with this width and length.

    No foundry's card: values of the size that such processes have, chosen because they take the
    voltages at which oxide memristors switch. From an oxide of 7.6 nm and a mobility of
    0.0375 m^2/(V s) follows kp; the drain's diffusion reaches 0.85 um from the gate. Channel-length
    modulation falls with the length. Level 1 has neither subthreshold current nor saturation of the
    velocity: it overstates the current of a short channel at high gate voltage.

    The bulk is at the source, as in a well of its own: the cell then works the same wherever its
    source line is, and has the pins of a discrete transistor. With a source line at 0 V that is
    the same as a common substrate.

    Args:
        w: m, width.
        l: m, length.

    Raises:
        NetlistError: a width or length that is not above 0.
    """
    w, l = positive("w", w, "m"), positive("l", l, "m")  # noqa: E741
    law = Mosfet(
        vto=0.5, kp=170e-6, gamma=0.58, phi=0.84, tox=7.6e-9, cgso=2e-10, cgdo=2e-10, cgbo=1e-10,
        mj=0.35, pb=0.7, **_by_size(w, l),
    )  # fmt: skip
    name = f"nmos_w{_nanometres(w)}_l{_nanometres(l)}"
    return Transistor(
        name=name,
        description=(
            f"integrated NMOS, W/L = {w * 1e6:g}/{l * 1e6:g} um, level 1 with values "
            "chosen as typical of a 3.3 V, 350 nm process: threshold 0.5 V, 170 uA/V^2"
        ),
        lines=law.lines(name),
        law=law,
    )


def _by_size(w: Any, l: Any) -> dict[str, Any]:  # noqa: E741
    """Return the values of the card that follow from width and length, m."""
    area, edge = w * _DIFFUSION, 2 * (w + _DIFFUSION)
    return {
        "w": w, "l": l, "lambda_": 0.035e-6 / l,
        "is_": 1e-5 * area, "cbd": 9e-4 * area + 2.8e-10 * edge,
    }  # fmt: skip


def free_size(given: str | Transistor) -> Transistor:
    """Return an integrated NMOS whose instances have each a width and length of their own.

    ngspice makes one model card per instance of it.

    Args:
        given: of ``integrated_nmos``; its size is that of instances that are given none.

    Raises:
        NetlistError: another transistor.
    """
    fixed = transistor(given)
    law = fixed.law
    if not isinstance(law, Mosfet) or fixed != integrated_nmos(law.w, law.l):
        raise NetlistError(
            f"transistor {fixed.name!r} has no width and length to set; integrated_nmos(w, l) has"
        )
    free = _by_size(law.w, law.l)
    name = f"{fixed.name}_sized"
    return replace(fixed, name=name, lines=law.lines(name, tuple(free)), free=free)


def size_parameters(w: ArrayLike, l: ArrayLike) -> dict[str, Array]:  # noqa: E741
    """Return the instance parameters of transistors of ``free_size``.

    Args:
        w: (n,) or () m, widths.
        l: (n,) or () m, lengths.

    Returns:
        by name, each (n,).

    Raises:
        NetlistError: a width or length that is not above 0.
    """
    sizes = np.broadcast_arrays(np.asarray(w, dtype=float), np.asarray(l, dtype=float))
    for name, values in zip("wl", sizes, strict=True):
        for value in values[~((values > 0) & (values < np.inf))]:
            positive(name, value, "m")
    return {name: np.asarray(value) for name, value in _by_size(*sizes).items()}


def _nanometres(size: float) -> str:
    return f"{size * 1e9:.6g}".replace(".", "p").replace("-", "m").replace("+", "")


TRANSISTORS = {"2n7002": N2N7002, "nmos_350n": integrated_nmos()}


def transistor(given: str | Transistor) -> Transistor:
    """Return the transistor of that name; a transistor as it is.

    Raises:
        NetlistError: no such transistor.
    """
    if isinstance(given, Transistor):
        return given
    if not isinstance(given, str) or given not in TRANSISTORS:
        raise NetlistError(f"no transistor {given!r}; there are {', '.join(sorted(TRANSISTORS))}")
    return TRANSISTORS[given]
