"""The differential amplifier that reads a bridge of memristors: a voltage in, a current out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pyspice_netlists.checks import positive
from pyspice_netlists.elements import text
from pyspice_netlists.errors import NetlistError
from pyspice_netlists.mosfet import Mosfet

Array = NDArray[np.float64]

# Values of the size that 350 nm processes have for channels of 2 um; n- and p-channel.
_N_CHANNEL = Mosfet(
    vto=0.5, kp=170e-6, gamma=0.58, phi=0.84, lambda_=0.02, tox=7.6e-9, cgso=2e-10, cgdo=2e-10,
    cgbo=1e-10, is_=1e-16, cbd=1e-14, mj=0.35, pb=0.7, w=10e-6, l=2e-6,
)  # fmt: skip
_P_CHANNEL = Mosfet(
    vto=0.7, kp=58e-6, gamma=0.4, phi=0.8, lambda_=0.02, tox=7.6e-9, cgso=2e-10, cgdo=2e-10,
    cgbo=1e-10, is_=1e-16, cbd=1e-14, mj=0.5, pb=0.9, w=10e-6, l=2e-6,
)  # fmt: skip


@dataclass(frozen=True)
class DifferentialAmplifier:
    """A transconductance amplifier of six transistors around a current reference.

    A pair of PMOS whose inputs may lie at ground, above a mirror of NMOS as load, below a mirror
    of PMOS that gives the tail current. Its output is a current into a node that is held, best at
    ``output_voltage``, where both sides of the mirror are alike.

    The widths follow from tail current and overdrive by the square law, with channel-length
    modulation, for both inputs at 0 V. With S = in_plus - in_minus the current out of it is then

        i = I_tail / V_ov S sqrt(1 - (S / (2 V_ov))^2),

    so that its transconductance is I_tail / V_ov = sqrt(kp w/l (1 + lambda v_sd) I_tail),
    with kp, w, l and lambda those of the pair and v_sd its voltage from source to drain; and the
    current is within 1 % of proportional up to S = 0.28 V_ov. P. R. Gray, P. J. Hurst, S. H.
    Lewis, R. G. Meyer, Analysis and Design of Analog Integrated Circuits, section 3.5. The values
    of the transistors are chosen as typical of a 3.3 V, 350 nm process.

    Attributes:
        tail_current: A, of both sides together.
        overdrive: V, gate to source above the threshold, of the pair at rest.
        supply: V.
    """

    tail_current: float = 100e-6
    overdrive: float = 0.5
    supply: float = 3.3

    name: ClassVar[str] = "differential_amplifier"
    pins: ClassVar[tuple[str, ...]] = ("in_plus", "in_minus", "output", "supply")
    #: V, above ground at the output, with which the mirror is balanced: gate to source of its NMOS.
    output_voltage: ClassVar[float] = 0.6
    #: V, overdrive of the transistors that give the tail current.
    tail_overdrive: ClassVar[float] = 0.3

    def __post_init__(self) -> None:
        for name, unit in (("tail_current", "A"), ("overdrive", "V"), ("supply", "V")):
            positive(name, getattr(self, name), unit)
        if self.highest_input < 0:
            least = self.supply - self.highest_input
            raise NetlistError(
                f"supply = {self.supply!r} V: an overdrive of {self.overdrive:g} V needs more than "
                f"{least:g} V"
            )

    @property
    def transconductance(self) -> float:
        """S, output current per volt between the inputs, around 0 V."""
        return self.tail_current / self.overdrive

    @property
    def highest_input(self) -> float:
        """V, of both inputs, up to which the tail current is that of the mirror."""
        return self.supply - self.tail_overdrive - self._source

    @property
    def lowest_input(self) -> float:
        """V, of both inputs, down to which the pair is saturated."""
        return self.output_voltage - _P_CHANNEL.vto

    @property
    def _source(self) -> float:
        """V, of the pair's sources above its gates."""
        return _P_CHANNEL.vto + self.overdrive

    def current(self, volts: ArrayLike) -> Array:
        """Return the current out of the amplifier, A; beyond sqrt(2) overdrives all of the tail's.

        Args:
            volts: (...) V, in_plus less in_minus.
        """
        limit = np.sqrt(2) * self.overdrive
        share = np.clip(np.asarray(volts, dtype=float), -limit, limit) / self.overdrive
        return np.asarray(self.tail_current * share * np.sqrt(1 - share**2 / 4))

    @property
    def lines(self) -> tuple[str, ...]:
        """Model cards and subcircuit, what a deck needs once."""
        name, half = self.name, self.tail_current / 2
        n, p = f"{name}_n", f"{name}_p"
        gate = _P_CHANNEL.vto + self.tail_overdrive
        pair = _sized(_P_CHANNEL, half, self.overdrive, self._source - self.output_voltage)
        load = _sized(_N_CHANNEL, half, self.output_voltage - _N_CHANNEL.vto, self.output_voltage)
        tail, reference = (
            _sized(_P_CHANNEL, self.tail_current, self.tail_overdrive, across)
            for across in (self.supply - self._source, gate)
        )
        return (
            *_N_CHANNEL.card(n),
            *_P_CHANNEL.card(p, "pmos"),
            f".subckt {name} {' '.join(self.pins)}",
            # in_plus takes current from the side that the mirror subtracts
            pair.element("plus", "mirror in_plus tail tail", p),
            pair.element("minus", "output in_minus tail tail", p),
            load.element("mirror", "mirror mirror 0 0", n),
            load.element("output", "output mirror 0 0", n),
            tail.element("tail", "tail bias supply supply", p),
            reference.element("reference", "bias bias supply supply", p),
            f"Ireference bias 0 {text(self.tail_current)}",
            ".ends",
        )


def _sized(transistor: Mosfet, current: float, overdrive: float, across: float) -> Mosfet:
    """Return the transistor as wide as a saturated channel with this current must be.

    Args:
        transistor: whose width is of no account.
        current: A.
        overdrive: V, gate to source above the threshold.
        across: V, drain to source.
    """
    square = transistor.kp / 2 * overdrive**2 * (1 + transistor.lambda_ * across)
    return replace(transistor, w=transistor.l * current / square)
