"""The level-1 transistor's current and capacitances against ngspice."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcircuit.simulate import ACSweep, DCSweep, Job, Options, run
from pyspice_netlists import NetlistError, transistor
from pyspice_netlists.transistors import integrated_nmos

LAW = transistor("nmos_350n").law
OTHER = replace(LAW, vto=-0.3, gamma=0.9, phi=0.6, lambda_=0.0, is_=3e-14, w=2e-6, l=1e-6)
TIGHT = Options(reltol=1e-12, abstol=1e-20, vntol=1e-14)
volts = st.floats(-0.6, 3)
gates = st.floats(-1, 5)


def swept(law, gate, start, stop, step, gmin=1e-12):
    """Return the drain voltages (V) of a sweep and ngspice's drain currents (A)."""
    circuit = "\n".join([*law.lines("fet"), "X1 d g 0 fet", f"Vg g 0 {gate}", "Vd d 0 0"])
    job = Job("drain current", circuit, DCSweep("Vd", start, stop, step), ("i(vd)",))
    result = run(job, options=replace(TIGHT, gmin=gmin))
    return result["sweep"].to_numpy(), -result["i(vd)"].to_numpy()


def test_the_netlist_holds_the_values_of_the_law():
    text = " ".join(transistor("nmos_350n").lines)
    words = dict(word.split("=") for word in text.split() if "=" in word)
    assert float(words.pop("level")) == 1
    assert {name: float(value) for name, value in words.items()} == {
        field.name.rstrip("_"): getattr(LAW, field.name) for field in fields(LAW)
    }


@pytest.mark.parametrize("law", [LAW, OTHER], ids=["own", "other"])
@pytest.mark.parametrize("gate", [-1.0, 0.0, 0.4, 0.6, 1.5, 5.0])
@pytest.mark.parametrize("sweep", [(-2.0, 3.0, 0.0625), (-0.1, 0.1, 0.005)])
def test_current_is_that_of_ngspice(law, gate, sweep):
    v, expected = swept(law, gate, *sweep)
    # the smallest currents are the rounding of volts times 1e-12 S
    np.testing.assert_allclose(law.current(v, gate)[0], expected, rtol=1e-9, atol=1e-24)


def test_gmin_lies_across_the_body_diode():
    v, expected = swept(LAW, 0.0, 0.5, 3.0, 0.5, gmin=1e-8)
    np.testing.assert_allclose(LAW.current(v, 0.0, gmin=1e-8)[0], expected, rtol=1e-9)


def test_the_law_is_the_square_law():
    """Shichman and Hodges by hand: triode, saturation, and the slope at 0 V."""
    beta = 170e-6 * 10 / 0.35
    triode, saturation = LAW.channel(np.array([0.2, 2.0]), np.array([1.5, 1.5]))[0]
    assert triode == pytest.approx(beta * 1.02 * 0.2 * (1.0 - 0.1), rel=1e-12)
    assert saturation == pytest.approx(beta * 1.2 * 0.5, rel=1e-12)
    assert float(LAW.on_conductance(np.array(3.3))) == pytest.approx(beta * 2.8, rel=1e-12)


@pytest.mark.parametrize("law", [LAW, OTHER], ids=["own", "other"])
@given(vds=volts, vgs=gates)
def test_slopes_are_those_of_the_current(law, vds, vgs):
    step = 1e-6
    _, gds, gm = law.current(vds, vgs)
    for slope, ahead, behind in (
        (gds, law.current(vds + step, vgs), law.current(vds - step, vgs)),
        (gm, law.current(vds, vgs + step), law.current(vds, vgs - step)),
    ):
        # Where triode and saturation meet, the slope has a corner; the diode's curves.
        difference = float(ahead[0] - behind[0]) / (2 * step)
        assert slope == pytest.approx(difference, rel=1e-5, abs=1e-7)


@given(vds=volts, vgs=gates)
def test_a_transistor_only_takes_power(vds, vgs):
    assert vds * LAW.current(vds, vgs)[0] >= 0


@pytest.mark.parametrize("law", [LAW, OTHER], ids=["own", "other"])
@pytest.mark.parametrize("gate", [-2.0, -0.2, 0.0, 0.3, 2.0])
@pytest.mark.parametrize("driven", ["g", "d"])
def test_capacitances_are_those_of_ngspice(law, gate, driven):
    """Small signals at the gate or at the drain: charge per volt at both."""
    circuit = "\n".join([
        *law.lines("fet"), "X1 d g 0 fet",
        f"Vg g 0 dc {gate} ac {int(driven == 'g')}", f"Vd d 0 dc 0 ac {int(driven == 'd')}",
    ])  # fmt: skip
    analysis = ACSweep(1, 1e6, 1e7)
    result = run(Job("charge", circuit, analysis, ("i(vg)", "i(vd)")), options=TIGHT)
    gate_charge, drain_charge = (
        -result[name].to_numpy()[0].imag / (2 * np.pi * 1e6) for name in ("i(vg)", "i(vd)")
    )
    own = law.capacitances(np.array(gate))
    expected = {
        "g": (own.gate_source + own.gate_drain, -own.gate_drain),
        "d": (-own.gate_drain, own.gate_drain + own.drain_source),
    }[driven]
    np.testing.assert_allclose([gate_charge, drain_charge], expected, rtol=1e-6)


@pytest.mark.parametrize("law", [LAW, replace(OTHER, vto=0.5)], ids=["own", "other"])
@pytest.mark.parametrize("drain", [-0.6, -0.36, -0.34, -0.1, 0.5, 3.0])
def test_the_capacitance_of_the_body_diode_is_that_of_ngspice(law, drain):
    """Small signals at the drain of a closed transistor, without what flows into the gate."""
    circuit = "\n".join([
        *law.lines("fet"), "X1 d g s fet", "Vg g 0 -1", "Vs s 0 0", f"Vd d 0 dc {drain} ac 1",
    ])  # fmt: skip
    result = run(Job("charge", circuit, ACSweep(1, 1e6, 1e7), ("i(vs)",)), options=TIGHT)
    charge = result["i(vs)"].to_numpy()[0].imag / (2 * np.pi * 1e6)
    assert charge == pytest.approx(float(law.junction(np.array(drain))), rel=1e-6)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"w": 0.0}, "w = 0.0 m: a number above zero"),
        ({"w": -1e-6}, "w = -1e-06 m: a number above zero"),
        ({"l": float("nan")}, "l = nan m: a finite number"),
        ({"l": "1u"}, "l = '1u' m: a finite number"),
    ],
)
def test_sizes_that_are_not_above_zero_are_refused(sizes, message):
    with pytest.raises(NetlistError, match=message):
        integrated_nmos(**sizes)
    with pytest.raises(NetlistError, match=message):
        replace(LAW, **sizes)


def test_values_that_no_card_has_are_refused():
    with pytest.raises(NetlistError, match=r"gamma = -0.1 V\^\(1/2\): at least 0"):
        replace(LAW, gamma=-0.1)
    with pytest.raises(NetlistError, match="vto = inf V: a finite number"):
        replace(LAW, vto=np.inf)
