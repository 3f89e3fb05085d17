"""Access transistors as subcircuits with the pins drain, gate, source."""

from __future__ import annotations

from dataclasses import dataclass

from pyspice_netlists.errors import NetlistError


@dataclass(frozen=True)
class Transistor:
    """An access transistor.

    Attributes:
        name: name of the subcircuit.
        lines: model card and subcircuit, what a deck needs once.
        description: what it is and where its values come from.
        pins: order of the subcircuit's pins.
    """

    name: str
    lines: tuple[str, ...]
    description: str
    pins: tuple[str, str, str] = ("drain", "gate", "source")


N2N7002 = Transistor(
    name="q2n7002",
    description=(
        "2N7002 discrete NMOS, own fit of ngspice's VDMOS to typical data sheet figures: "
        "threshold 2.1 V at 250 uA, on-resistance 1.2 ohm at 10 V / 0.5 A and 1.7 ohm at "
        "5 V / 50 mA, transconductance 0.32 S at 0.2 A, Ciss / Coss / Crss 20 / 11 / 4 pF at 25 V"
    ),
    lines=(
        ".model q2n7002_card vdmos nchan vto=2.1405 kp=0.34691 lambda=0.01",
        "+ rd=0.38234 rs=0.51567 mtriode=1.2734 ksubthres=0.08 rg=20",
        "+ cgs=16p cgdmax=23.52p cgdmin=2.939p a=0.3 cjo=29.58p m=0.4 vj=0.7",
        "+ bv=75 ibv=10u is=1e-12 n=1.2 rb=0.3 tt=100n",
        ".subckt q2n7002 drain gate source",
        "Mfet drain gate source q2n7002_card",
        ".ends",
    ),
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
