"""The direct current of ngspice's level-1 MOSFET, and the cards that give it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Literal

import numpy as np

from pyspice_netlists.checks import number, positive
from pyspice_netlists.elements import text
from pyspice_netlists.errors import NetlistError
from pyspice_netlists.transistor_law import (
    THERMAL_VOLTAGE,
    Array,
    Capacitances,
    TransistorLaw,
    depletion,
)

# F/m; permittivity of silicon dioxide as ngspice has it.
_OXIDE = 3.9 * 8.854214871e-12
# Thermal voltages above the threshold from where a level-1 channel, which has no subthreshold
# region, stands for one that conducts.
_ABOVE_THRESHOLD = 5
_POSITIVE = {
    "kp": "A/V^2", "phi": "V", "tox": "m", "is_": "A", "pb": "V", "w": "m", "l": "m",
}  # fmt: skip
_NOT_NEGATIVE = {
    "gamma": "V^(1/2)", "lambda_": "1/V", "cgso": "F/m", "cgdo": "F/m", "cgbo": "F/m",
    "cbd": "F", "mj": "1",
}  # fmt: skip


@dataclass(frozen=True)
class Mosfet(TransistorLaw):
    """Values of a level-1 card, width and length, and the direct current that they give.

    The values are those of the n-channel transistor; the p-channel one of the same values is its
    mirror image, with all voltages and currents of the other sign.

    The current is that of ngspice (Shichman and Hodges, doi:10.1109/JSSC.1968.1049902, with
    channel-length modulation; checked against ngspice 46) at 27 degrees Celsius, bulk at the
    source:

    * channel: with u = vgs - vto above 0, i = kp w/l (1 + lambda vds) v (u - v/2), where v = vds
      below u, else u; for vds < 0 drain and source change their roles, and the bulk, then above
      the source by vds, lowers the threshold by gamma vds / (2 sqrt(phi));
    * body diode from source to drain: is (exp(w / (kT/q)) - 1) and the simulator's gmin, only -is
      and gmin for voltages below -3 kT/q.

    Attributes:
        vto: V, threshold.
        kp: A/V^2, transconductance parameter, that of a square.
        gamma: V^(1/2), of the bulk.
        phi: V, surface potential.
        lambda_: 1/V, channel-length modulation.
        tox: m, thickness of the oxide.
        cgso: F/m, overlap of gate and source.
        cgdo: F/m, overlap of gate and drain.
        cgbo: F/m, overlap of gate and bulk, along the channel.
        is_: A, saturation current of the body diode.
        cbd: F, body diode at 0 V.
        mj: 1, grading of the body diode.
        pb: V, potential of the body diode.
        w: m, width of the channel.
        l: m, its length.
    """

    vto: float
    kp: float
    gamma: float
    phi: float
    lambda_: float
    tox: float
    cgso: float
    cgdo: float
    cgbo: float
    is_: float
    cbd: float
    mj: float
    pb: float
    w: float
    l: float  # noqa: E741 - the card's word

    def __post_init__(self) -> None:
        number("vto", self.vto, "V")
        for name, unit in _POSITIVE.items():
            positive(name, getattr(self, name), unit)
        for name, unit in _NOT_NEGATIVE.items():
            if number(name, getattr(self, name), unit) < 0:
                raise NetlistError(f"{name} = {getattr(self, name)!r} {unit}: at least 0")

    @property
    def beta(self) -> float:
        """A/V^2, transconductance parameter of the whole channel."""
        return self.kp * self.w / self.l

    @property
    def conducting_above(self) -> float:
        """V, gate to source, five thermal voltages above the threshold."""
        return self.vto + _ABOVE_THRESHOLD * THERMAL_VOLTAGE

    def card(
        self, name: str, kind: Literal["nmos", "pmos"] = "nmos", free: Sequence[str] = ()
    ) -> tuple[str, ...]:
        """Return the lines of the model card of that name.

        Args:
            name: of the card.
            kind: channel.
            free: values that are parameters of the subcircuit around it, by their names here.
        """
        values: dict[str, float | str] = {
            f.name.rstrip("_"): self._value(f.name, free) for f in fields(self)
        }
        if kind == "pmos":
            values["vto"] = -self.vto
        words = [f"{key}={text(value)}" for key, value in values.items() if key not in ("w", "l")]
        return (
            f".model {name} {kind} level=1 {' '.join(words[:3])}",
            *(f"+ {' '.join(words[k : k + 6])}" for k in range(3, len(words), 6)),
        )

    def element(self, label: str, nodes: str, model: str, free: Sequence[str] = ()) -> str:
        """Return the line of one transistor.

        Args:
            label: its name behind the M.
            nodes: drain, gate, source and bulk.
            model: name of its card.
            free: as of ``card``.
        """
        w, l = (text(self._value(side, free)) for side in "wl")  # noqa: E741
        return f"M{label} {nodes} {model} w={w} l={l}"

    def lines(self, name: str, free: Sequence[str] = ()) -> tuple[str, ...]:
        """Return model card and subcircuit of that name, what a deck needs once.

        Args:
            name: of the subcircuit.
            free: values that are its instance parameters, by their names here.
        """
        card = self.card(f"{name}_card", free=free)
        head = f".subckt {name} drain gate source"
        head += "".join(f" {value}={text(getattr(self, value))}" for value in free)
        fet = self.element("fet", "drain gate source source", f"{name}_card", free)
        # a card inside is made anew for every instance
        return (head, *card, fet, ".ends") if free else (*card, head, fet, ".ends")

    def _value(self, name: str, free: Sequence[str]) -> float | str:
        return f"{{{name}}}" if name in free else float(getattr(self, name))

    def channel(self, vds: Array, vgs: Array) -> tuple[Array, Array, Array]:
        """Return the channel's current, A, and its derivatives after both voltages, S.

        Args:
            vds: (...) V, drain to source, of either sign.
            vgs: (...) V, gate to source.
        """
        size, back = np.abs(vds), np.minimum(vds, 0.0)
        # ngspice takes the root of the surface potential along its tangent, to 0 at the least.
        slope = self.gamma / (2 * np.sqrt(self.phi))
        lowered = np.minimum(-back, 2 * self.phi) * slope
        overdrive = np.maximum(vgs - back - self.vto + lowered, 0.0)
        v = np.minimum(size, overdrive)
        modulation = self.beta * (1 + self.lambda_ * size)
        shape = v * (overdrive - 0.5 * v)
        after_gate = modulation * v
        after_size = modulation * (overdrive - v) + self.beta * self.lambda_ * shape
        # Backwards the gate's and the bulk's voltage above the source change with vds too.
        bulk = np.where(-back < 2 * self.phi, slope, 0.0)
        reverse = np.where(vds < 0, after_gate * (1 + bulk), 0.0)
        sign = np.where(vds < 0, -1.0, 1.0)
        return sign * modulation * shape, after_size + reverse, sign * after_gate

    def body(self, vds: Array, gmin: float = 1e-12) -> tuple[Array, Array]:
        """Return the current past the channel from drain to source, A, and its slope, S.

        Args:
            vds: (...) V, drain to source, of either sign.
            gmin: S, the simulator's conductance across junctions.
        """
        return self.diode(vds, gmin)

    def diode(self, volts: Array, gmin: float = 1e-12) -> tuple[Array, Array]:
        """Return the current of the body diode from drain to source, A, and its slope, S.

        Args:
            volts: (...) V, drain to source, of either sign.
            gmin: S, the simulator's conductance across junctions.
        """
        exponent = -volts / THERMAL_VOLTAGE
        # at and below -3 kT/q ngspice leaves the exponential out
        growth = np.where(exponent > -3, self.is_ * np.exp(np.maximum(exponent, -3)), 0.0)
        return gmin * volts + self.is_ - growth, gmin + growth / THERMAL_VOLTAGE

    def junction(self, volts: Array) -> Array:
        """Return the capacitance of the body diode, F.

        Args:
            volts: (...) V, drain to source, of either sign.
        """
        return depletion(-volts, self.cbd, self.pb, self.mj)

    def capacitances(self, vgs: Array) -> Capacitances:
        """Return the capacitances between the pins at 0 V from drain to source.

        The channel's are Meyer's, as in ngspice: above the threshold halves to drain and source;
        below it these fall to none at -phi/2, while what is between gate and bulk rises until -phi.

        Args:
            vgs: (...) V, gate to source.
        """
        oxide = _OXIDE / self.tox * self.w * self.l
        overdrive = np.asarray(vgs, dtype=float) - self.vto
        half = oxide / 2 * np.clip(1 + 2 * overdrive / self.phi, 0.0, 1.0)
        bulk = oxide * np.clip(-overdrive / self.phi, 0.0, 1.0)
        return Capacitances(
            gate_source=half + bulk + self.cgso * self.w + self.cgbo * self.l,
            gate_drain=half + self.cgdo * self.w,
            drain_source=np.full_like(overdrive, self.cbd),
        )
