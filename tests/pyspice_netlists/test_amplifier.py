"""The bridge's amplifier in ngspice against the square law of its transistors."""

import numpy as np
import pytest

from memcircuit.simulate import DCSweep, Job, Options, run
from pyspice_netlists import NetlistError
from pyspice_netlists.amplifier import DifferentialAmplifier

AMPLIFIERS = [DifferentialAmplifier(), DifferentialAmplifier(20e-6, 0.3, 2.5)]
TIGHT = Options(reltol=1e-9, abstol=1e-15, vntol=1e-12)


def measured(amplifier, common, share):
    """Return input differences, V, and output currents and largest input current, A.

    Args:
        amplifier: into a held node.
        common: V, mean of both inputs.
        share: by how many overdrives the inputs differ at most.
    """
    most = share * amplifier.overdrive
    circuit = "\n".join([
        *amplifier.lines, f"X1 plus minus out supply {amplifier.name}",
        f"Vsupply supply 0 {amplifier.supply}", f"Vout out 0 {amplifier.output_voltage}",
        f"Vcommon common 0 {common}", "Vhalf half 0 0",
        "Eplus p common half 0 1", "Eminus m common half 0 -1", "Vp p plus 0", "Vm m minus 0",
    ])  # fmt: skip
    sweep = DCSweep("Vhalf", -most / 2, most / 2, most / 16)
    names = ("i(vout)", "i(vp)", "i(vm)")
    result = run(Job("amplifier", circuit, sweep, names), options=TIGHT)
    inputs = max(float(np.abs(result[name]).max()) for name in names[1:])
    return 2 * result["sweep"].to_numpy(), result["i(vout)"].to_numpy(), inputs


def slope(volts, current):
    """Return the slope of an odd function at 0, S."""
    middle = volts.size // 2
    near = slice(middle - 1, middle + 2)
    return float((current[near][-1] - current[near][0]) / (volts[near][-1] - volts[near][0]))


@pytest.mark.parametrize("amplifier", AMPLIFIERS)
def test_transconductance_is_tail_current_over_overdrive(amplifier):
    volts, current, _ = measured(amplifier, 0.0, 0.01)
    assert slope(volts, current) == pytest.approx(amplifier.transconductance, rel=3e-3)
    assert abs(current[volts.size // 2]) < 1e-6 * amplifier.tail_current


@pytest.mark.parametrize("amplifier", AMPLIFIERS)
def test_within_a_quarter_of_the_overdrive_the_current_is_proportional(amplifier):
    volts, current, inputs = measured(amplifier, 0.0, 0.25)
    np.testing.assert_allclose(current, amplifier.transconductance * volts, rtol=0.011, atol=1e-11)
    np.testing.assert_allclose(current, amplifier.current(volts), rtol=3e-3, atol=1e-11)
    assert inputs < 1e-15


@pytest.mark.parametrize("amplifier", AMPLIFIERS)
def test_beyond_its_range_the_whole_tail_current_is_the_output(amplifier):
    volts, current, _ = measured(amplifier, 0.0, 2.0)
    tail = amplifier.tail_current
    np.testing.assert_allclose(current, amplifier.current(volts), atol=0.05 * tail)
    assert np.all(np.diff(current) > -1e-3 * tail)
    np.testing.assert_allclose(amplifier.current([-9.0, 9.0]), [-tail, tail], rtol=1e-12)


@pytest.mark.parametrize("amplifier", AMPLIFIERS)
def test_what_both_inputs_have_in_common_is_rejected(amplifier):
    """By 90 dB at least, from the lowest to the highest input."""
    low, high = amplifier.lowest_input, amplifier.highest_input
    assert low < 0
    assert high > 0.5
    rest = []
    for common in (0.9 * low, 0.0, 0.5 * high, high):
        volts, current, _ = measured(amplifier, common, 0.01)
        assert slope(volts, current) == pytest.approx(amplifier.transconductance, rel=0.02)
        rest.append(float(current[volts.size // 2]))
    rejected = np.abs(np.diff(rest)) / np.diff([0.9 * low, 0.0, 0.5 * high, high])
    assert rejected.max() < 10 ** (-90 / 20) * amplifier.transconductance


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"tail_current": 0.0}, "tail_current = 0.0 A: a number above zero"),
        ({"overdrive": -0.5}, "overdrive = -0.5 V: a number above zero"),
        ({"supply": float("nan")}, "supply = nan V: a finite number"),
        ({"supply": 1.2}, r"supply = 1.2 V: an overdrive of 0.5 V needs more than 1.5 V"),
    ],
)
def test_what_makes_no_amplifier_is_refused(given, message):
    with pytest.raises(NetlistError, match=message):
        DifferentialAmplifier(**given)
