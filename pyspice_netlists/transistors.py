"""Access transistors as subcircuits with the pins drain, gate, source, and their current."""

from __future__ import annotations

from dataclasses import dataclass

from pyspice_netlists.errors import NetlistError
from pyspice_netlists.vdmos import Vdmos


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
    """

    name: str
    lines: tuple[str, ...]
    description: str
    pins: tuple[str, str, str] = ("drain", "gate", "source")
    law: Vdmos | None = None


_CARD_2N7002 = Vdmos(
    vto=2.1405, kp=0.34691, lambda_=0.01, rd=0.38234, rs=0.51567, mtriode=1.2734,
    ksubthres=0.08, rg=20, cgs=16e-12, cgdmax=23.52e-12, cgdmin=2.939e-12, a=0.3,
    cjo=29.58e-12, m=0.4, vj=0.7, bv=75, ibv=10e-6, is_=1e-12, n=1.2, rb=0.3, tt=100e-9,
)  # fmt: skip

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

TRANSISTORS = {"2n7002": N2N7002}


def transistor(name: str) -> Transistor:
    """Return the transistor of that name.

    Raises:
        NetlistError: no such transistor.
    """
    if name not in TRANSISTORS:
        raise NetlistError(f"no transistor {name!r}; there are {', '.join(sorted(TRANSISTORS))}")
    return TRANSISTORS[name]
