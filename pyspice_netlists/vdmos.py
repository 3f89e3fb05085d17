"""The direct current of ngspice's VDMOS, and the card that gives it."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from pyspice_netlists.elements import text
from pyspice_netlists.transistor_law import (
    THERMAL_VOLTAGE,
    Array,
    Capacitances,
    TransistorLaw,
    depletion,
)

# ngspice's resistance between drain and source when the card gives none, ohm.
_DRAIN_SOURCE_LEAK = 1e15


@dataclass(frozen=True)
class Vdmos(TransistorLaw):
    """Values of an n-channel card of ngspice's VDMOS, and the direct current they give.

    The current is that of ngspice (manual, chapter on power MOS; checked against ngspice 46) at
    27 degrees Celsius, without the breakdown beyond ``bv``:

    * channel between inner drain and source: with u = ksubthres ln(1 + exp((vgs - vto) /
      ksubthres)) and v = mtriode vds, i = kp (1 + lambda vds) v (u - v/2) for v < u, else
      kp (1 + lambda vds) u^2 / 2; for vds < 0 the inner ends change their roles;
    * ``rd`` and ``rs`` in series with it;
    * body diode from source to drain: ``rb`` in series with is (exp(w / (n kT/q)) - 1) and the
      simulator's gmin, for junction voltages w below -3 n kT/q with is (1 + (3 n kT/q / (e w))^3)
      backwards; and 1e15 ohm from drain to source.

    Attributes:
        vto: V, threshold.
        kp: A/V^2, transconductance parameter.
        lambda_: 1/V, channel-length modulation.
        rd: ohm, drain.
        rs: ohm, source.
        mtriode: 1, scale of vds in the triode region.
        ksubthres: V, slope of the subthreshold region.
        rg: ohm, gate.
        cgs: F, gate to source.
        cgdmax: F, gate to drain, largest.
        cgdmin: F, gate to drain, smallest.
        a: 1, steepness of the gate-drain capacitance.
        cjo: F, body diode at 0 V.
        m: 1, grading of the body diode.
        vj: V, potential of the body diode.
        bv: V, breakdown.
        ibv: A, current at breakdown.
        is_: A, saturation current of the body diode.
        n: 1, emission coefficient of the body diode.
        rb: ohm, body diode.
        tt: s, transit time of the body diode.
    """

    vto: float
    kp: float
    lambda_: float
    rd: float
    rs: float
    mtriode: float
    ksubthres: float
    rg: float
    cgs: float
    cgdmax: float
    cgdmin: float
    a: float
    cjo: float
    m: float
    vj: float
    bv: float
    ibv: float
    is_: float
    n: float
    rb: float
    tt: float

    def lines(self, name: str) -> tuple[str, ...]:
        """Return model card and subcircuit of that name, what a deck needs once."""
        words = [f"{f.name.rstrip('_')}={text(getattr(self, f.name))}" for f in fields(self)]
        return (
            f".model {name}_card vdmos nchan {' '.join(words[:3])}",
            *(f"+ {' '.join(words[k : k + 6])}" for k in range(3, len(words), 6)),
            f".subckt {name} drain gate source",
            f"Mfet drain gate source {name}_card",
            ".ends",
        )

    def channel(self, vds: Array, vgs: Array) -> tuple[Array, Array, Array]:
        """Return the channel's current, A, and its derivatives after both voltages, S.

        Args:
            vds: (...) V, inner drain to inner source, of either sign.
            vgs: (...) V, gate to inner source.
        """
        size = np.abs(vds)
        overdrive = (vgs - np.minimum(vds, 0.0) - self.vto) / self.ksubthres
        softened = np.logaddexp(0.0, overdrive)
        u = self.ksubthres * softened
        v = np.minimum(self.mtriode * size, u)
        modulation = self.kp * (1 + self.lambda_ * vds)
        shape = v * (u - 0.5 * v)
        after_u = -modulation * v * np.expm1(-softened)
        after_size = modulation * self.mtriode * (u - v)
        after_modulation = self.kp * self.lambda_ * shape
        sign = np.where(vds < 0, -1.0, 1.0)
        current = sign * modulation * shape
        reverse = np.where(vds < 0, after_u, 0.0)
        return current, after_size + sign * after_modulation + reverse, sign * after_u

    def body(self, vds: Array, gmin: float = 1e-12) -> tuple[Array, Array]:
        """Return the current past the channel from drain to source, A, and its slope, S.

        Args:
            vds: (...) V, drain to source, of either sign.
            gmin: S, the simulator's conductance across junctions.
        """
        junction, share = self._behind_rb(-vds, gmin)
        current, slope = self.diode(-junction, gmin)
        return vds / _DRAIN_SOURCE_LEAK + current, share * slope + 1 / _DRAIN_SOURCE_LEAK

    def diode(self, volts: Array, gmin: float = 1e-12) -> tuple[Array, Array]:
        """Return the current of the body diode from drain to source, A, and its slope, S.

        Args:
            volts: (...) V from drain to the junction's other side, of either sign.
            gmin: S, the simulator's conductance across junctions.
        """
        scale = self.n * THERMAL_VOLTAGE
        junction = -volts
        forward = junction >= -3 * scale
        growth = self.is_ * np.exp(np.maximum(junction, -3 * scale) / scale)
        ratio = 3 / np.e * scale / np.minimum(junction, -3 * scale)
        cube = self.is_ * ratio * ratio * ratio
        current = gmin * junction - self.is_ + np.where(forward, growth, -cube)
        slope = gmin + np.where(forward, growth / scale, np.e * cube * ratio / scale)
        return -current, slope

    def _behind_rb(self, volts: Array, gmin: float) -> tuple[Array, Array]:
        """Return the voltage of the body diode behind ``rb``, V, and its share of a change.

        With a = 1 + rb gmin the voltage w solves a w + rb is (exp(w / s) - 1) = volts, whose
        solution is Wright's omega function; backwards ``rb`` drops less than a rounding.
        """
        conducting = volts > 0
        if not self.rb or not conducting.any():
            return volts, np.ones_like(volts)
        from scipy.special import wrightomega

        scale = self.n * THERMAL_VOLTAGE
        a = 1 + self.rb * gmin
        level = (np.where(conducting, volts, 0.0) + self.rb * self.is_) / (a * scale)
        omega = wrightomega(np.log(self.rb * self.is_ / (a * scale)) + level)
        junction = scale * (level - omega)
        return np.where(conducting, junction, volts), np.where(
            conducting, 1 / (a * (1 + omega)), 1.0
        )

    @property
    def gate_resistance(self) -> float:
        """``rg``, ohm."""
        return self.rg

    @property
    def drain_resistance(self) -> float:
        """Ohm, in series with the channel at the drain."""
        return self.rd

    @property
    def source_resistance(self) -> float:
        """Ohm, in series with the channel at the source."""
        return self.rs

    @property
    def diode_resistance(self) -> float:
        """``rb``, ohm."""
        return self.rb

    @property
    def conducting_above(self) -> float:
        """V, gate to source, five slopes of the subthreshold region above the threshold."""
        return self.vto + 5 * self.ksubthres

    def junction(self, volts: Array) -> Array:
        """Return the capacitance of the body diode's junction, F.

        That of its depletion, and ``tt`` times its slope: what its current holds in transit.

        Args:
            volts: (...) V from drain to the junction's other side, of either sign.
        """
        transit = self.tt * self.diode(volts, 0.0)[1]
        return depletion(-volts, self.cjo, self.vj, self.m) + transit

    def capacitances(self, vgs: Array) -> Capacitances:
        """Return the capacitances between the pins at 0 V from drain to source.

        Gate to drain as ngspice 46 has it: a tanh above 0 V that meets an arc tangent below.

        Args:
            vgs: (...) V, gate to source.
        """
        swing = (self.cgdmax - self.cgdmin) / (1 + np.pi / 2)
        bend = self.a * np.asarray(vgs, dtype=float)
        shape = np.where(bend > 0, np.tanh(bend), np.arctan(bend))
        return Capacitances(
            gate_source=np.full_like(vgs, self.cgs),
            gate_drain=np.asarray(self.cgdmax - swing + swing * shape),
            drain_source=np.full_like(vgs, self.cjo),
        )
