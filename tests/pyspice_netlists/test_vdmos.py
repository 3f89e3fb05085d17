"""The transistor's current against ngspice, whose card is made from the same values."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memcircuit.simulate import DCSweep, Job, Options, Transient, run
from pyspice_netlists import NetlistError, transistor
from pyspice_netlists.roots import rising_root

LAW = transistor("2n7002").law
# What ngspice forms its currents from, potentials of volts over resistances of half an ohm, is
# rounded to a few 1e-15 A.
ROUNDING = 5e-15
OTHER = replace(LAW, vto=1.0, kp=1.3, lambda_=0.05, mtriode=0.6, rb=0.0, n=1.6, is_=2e-13)
BARE = replace(LAW, rd=0.0, rs=0.0)
volts = st.floats(-3, 3)
gates = st.floats(0, 8)


def swept(law, gate, start, stop, step, gmin=1e-12):
    """Return the drain voltages (V) of a sweep and ngspice's drain currents (A)."""
    circuit = "\n".join([*law.lines("fet"), "X1 d g 0 fet", f"Vg g 0 {gate}", "Vd d 0 0"])
    options = Options(reltol=1e-12, abstol=1e-18, vntol=1e-14, gmin=gmin)
    job = Job("drain current", circuit, DCSweep("Vd", start, stop, step), ("i(vd)",))
    result = run(job, options=options)
    return result["sweep"].to_numpy(), -result["i(vd)"].to_numpy()


def test_the_netlist_holds_the_values_of_the_law():
    text = " ".join(transistor("2n7002").lines)
    words = dict(word.split("=") for word in text.split() if "=" in word)
    assert {name: float(value) for name, value in words.items()} == {
        field.name.rstrip("_"): getattr(LAW, field.name) for field in fields(LAW)
    }


@pytest.mark.parametrize("gate", [2.5, 3.0, 5.0, 10.0])
@pytest.mark.parametrize("sweep", [(1e-3, 1e-2, 1e-3), (0.1, 5.0, 0.1)])
def test_current_of_a_transistor_that_is_on(gate, sweep):
    v, expected = swept(LAW, gate, *sweep)
    np.testing.assert_allclose(LAW.current(v, gate)[0], expected, rtol=1e-10)


@pytest.mark.parametrize("gate", [0.0, 1.0, 1.5, 2.0])
@pytest.mark.parametrize("sweep", [(1e-3, 1e-2, 1e-3), (0.1, 5.0, 0.1)])
def test_current_below_the_threshold(gate, sweep):
    v, expected = swept(LAW, gate, *sweep)
    np.testing.assert_allclose(LAW.current(v, gate)[0], expected, rtol=1e-10, atol=ROUNDING)


@pytest.mark.parametrize("gate", [0.0, 1.5, 2.3, 5.0])
@pytest.mark.parametrize("sweep", [(-2.0, -0.1, 0.1), (-0.5, -1e-3, 1e-2)])
def test_current_backwards_through_channel_and_body_diode(gate, sweep):
    v, expected = swept(LAW, gate, *sweep)
    # ngspice's constants give the diode's thermal voltage to nine digits.
    np.testing.assert_allclose(LAW.current(v, gate)[0], expected, rtol=1e-8, atol=ROUNDING)


@pytest.mark.parametrize("law", [OTHER, BARE])
@pytest.mark.parametrize("gate", [0.0, 2.5, 5.0])
def test_other_values_give_another_card_and_its_current(law, gate):
    v, expected = swept(law, gate, -1.5, 3.0, 0.125)
    np.testing.assert_allclose(law.current(v, gate)[0], expected, rtol=1e-8, atol=ROUNDING)


def test_gmin_lies_across_the_body_diode():
    v, expected = swept(LAW, 0.0, 0.5, 5.0, 0.5, gmin=1e-8)
    found = LAW.current(v, 0.0, gmin=1e-8)[0]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=ROUNDING)
    np.testing.assert_allclose(found - LAW.current(v, 0.0, gmin=0.0)[0], 1e-8 * v, rtol=1e-9)


@given(vds=volts, vgs=gates)
def test_slopes_are_those_of_the_current(vds, vgs):
    step = 1e-5
    _, gds, gm = LAW.current(vds, vgs)
    for slope, ahead, behind in (
        (gds, LAW.current(vds + step, vgs), LAW.current(vds - step, vgs)),
        (gm, LAW.current(vds, vgs + step), LAW.current(vds, vgs - step)),
    ):
        # Where triode and saturation meet, the slope has a corner.
        difference = (ahead[0] - behind[0]) / (2 * step)
        assert slope == pytest.approx(float(difference), rel=1e-5, abs=2e-5)


@given(vds=volts, vgs=gates)
def test_a_transistor_only_takes_power(vds, vgs):
    assert vds * LAW.current(vds, vgs)[0] >= 0


def test_shapes_broadcast():
    i, gds, gm = LAW.current(np.linspace(-1, 1, 5)[:, None], np.array([0.0, 3.0, 5.0]))
    assert i.shape == gds.shape == gm.shape == (5, 3)


def test_roots_are_found_element_by_element():
    targets = np.array([1e-12, 0.3, 5.0, 40.0])

    def surplus(x):
        return np.expm1(x) - targets, np.exp(x)

    root, _ = rising_root(surplus, np.zeros(4), np.full(4, 40.0), np.full(4, 20.0))
    np.testing.assert_allclose(root, np.log1p(targets), rtol=1e-12, atol=1e-14)


def test_a_function_that_is_no_number_has_no_root():
    def broken(x):
        return np.full_like(x, np.nan), np.ones_like(x)

    with pytest.raises(NetlistError, match="no current found"):
        rising_root(broken, np.zeros(2), np.ones(2), np.zeros(2))


def test_gate_capacitances_are_those_of_ngspice():
    """The gate rises from -5 to 5 V in 10 us, drain and source held: their currents over dv/dt."""
    fet, span = transistor("2n7002"), 10e-6
    circuit = "\n".join([
        *fet.lines, f"Xm d g s {fet.name}", "Vd d 0 0", "Vs s 0 0",
        f"Vg g 0 PWL(0 -5 {span} 5)",
    ])  # fmt: skip
    found = run(
        Job("ramp", circuit, Transient(stop=span, max_step=span / 1000), ("v(g)", "i(vd)", "i(vs)"))
    )
    inside = slice(50, -50)
    gate = found["v(g)"].to_numpy()[inside]
    drain, source = (found[name].to_numpy()[inside] * span / 10 for name in ("i(vd)", "i(vs)"))
    expected = fet.law.capacitances(gate)
    # once the channel conducts, the drops in the leads let some of the current out at the other pin
    closed = gate < 1.5
    np.testing.assert_allclose(drain[closed], expected.gate_drain[closed], rtol=2e-3)
    np.testing.assert_allclose(source[closed], expected.gate_source[closed], rtol=2e-3)
    total = expected.gate_drain + expected.gate_source
    np.testing.assert_allclose(drain + source, total, rtol=2e-3)


@pytest.mark.parametrize(
    ("law", "lowest"),
    [(LAW, -0.4), (replace(LAW, rb=0.0), -0.6), (replace(OTHER, cjo=5e-11, m=0.5, vj=0.9), -0.6)],
    ids=["own", "without rb", "other"],
)
def test_the_capacitance_of_the_body_diode_is_that_of_ngspice(law, lowest):
    """The drain rises to 3 V in 10 us, gate and source held: what leaves at the source."""
    span, rise = 10e-6, 3 - lowest
    circuit = "\n".join([
        *law.lines("fet"), "X1 d g s fet", "Vg g 0 0", "Vs s 0 0",
        f"Vd d 0 PWL(0 {lowest} {span} 3)",
    ])  # fmt: skip
    job = Job("ramp", circuit, Transient(stop=span, max_step=span / 2000), ("v(d)", "i(vs)"))
    found = run(job, options=Options(method="gear"))  # by the trapezoidal rule currents ring
    inside = slice(50, -50)
    drain, current = (found[name].to_numpy()[inside] for name in ("v(d)", "i(vs)"))
    charging = (current - law.current(drain, 0.0)[0]) * span / rise
    expected = law.junction(drain)
    np.testing.assert_allclose(charging, expected, rtol=2e-3)
    assert expected.max() > 1.3 * law.cjo
    assert expected.min() < 0.6 * law.cjo
