"""The quantised filament of Chen et al. 2020: its levels, its SET under compliance, its spread."""

import numpy as np
import pytest
from scipy.optimize import curve_fit

import memcircuit as mc
from memcircuit.errors import ParameterError
from memcircuit.experiments.measures.programmed import conductances_after
from memcircuit.experiments.measures.quantised import (
    pulsed_levels,
    stated_levels,
    stop_voltages,
    swept_levels,
)
from memcircuit.simulate import Job, Transient, run

FORMS = ["osdi", "behavioural"]
G0 = 77.5e-6
# Full width at half maximum over standard deviation of a Gaussian.
FWHM = 2 * np.sqrt(2 * np.log(2))


@pytest.fixture(scope="module")
def sample_a():
    return mc.device("chen2020_hfox_a")


def test_stop_voltages_are_13_and_19_levels():
    volts = stop_voltages()
    assert volts.size == 32
    np.testing.assert_allclose(volts[[0, 12, 13, 31]], [-0.60, -0.84, -0.88, -1.60])


@pytest.mark.parametrize("form", FORMS)
def test_pulses_and_stop_voltages_leave_the_same_32_levels(sample_a, form):
    pulsed, swept = pulsed_levels(sample_a, form), swept_levels(sample_a, form)
    np.testing.assert_allclose(pulsed, stated_levels(), rtol=0.02)
    np.testing.assert_allclose(swept, stated_levels(), rtol=0.02)
    np.testing.assert_allclose(pulsed, swept, rtol=1e-3)


def test_a_level_needs_no_levels_before_it(sample_a):
    """One pulse from the whole filament leaves what the series of pulses leaves there."""
    pulse = mc.Pulse(-1.2, 10e-3, rise=1e-4, fall=1e-4)
    found = conductances_after(
        sample_a, "behavioural", [pulse, pulse], initial_state=1.0, max_step=1e-4
    )
    index = int(np.argmin(np.abs(stop_voltages() + 1.2)))
    np.testing.assert_allclose(found[0], stated_levels()[index], rtol=1e-3)


def test_levels_do_not_move_with_millivolts(sample_a):
    """4 mV beside each stated voltage, a fifth of the finest step, the level is the same."""
    model = sample_a.numpy()
    for offset in (-4e-3, 4e-3):
        # where the rate becomes zero at this voltage
        volts = stop_voltages() + offset
        state = 1 + model.rate(volts, 1.0) / sample_a.parameters["k_reset"]
        np.testing.assert_allclose(sample_a.conductance(state, 0.1), stated_levels(), rtol=3e-3)


def test_conductance_rises_with_the_filament(sample_a):
    conductance = sample_a.conductance(np.linspace(0, 1, 20001), 0.1)
    assert np.all(np.diff(conductance) > 0)
    np.testing.assert_allclose(1 / conductance[[0, -1]], [35e3, 300], rtol=1e-3)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("compliance", [0.2e-3, 0.62e-3])
def test_compliance_sets_the_conductance(sample_a, form, compliance):
    """A SET sweep with limited current ends where that current leaves v_set.

    The source is one as instruments have it: it gives its compliance current, and a diode to the
    swept voltage takes what the device does not draw.
    """
    circuit = "\n".join([
        *sample_a.include_lines(form),
        "Vsweep sweep 0 PWL(0 0 1 1 2 0)",
        f"Icompliance 0 plus {compliance}",
        "Dclamp plus sweep clamp",
        ".model clamp D(is=1e-9 n=0.2)",
        sample_a.instance("filament", ("plus", "0", "state"), 0.0),
    ])  # fmt: skip
    job = Job(
        "SET with compliance", circuit, Transient(stop=2.0, step=1e-4, max_step=1e-4),
        ("v(plus)", "v(state)"), sample_a.verilog_a(form),
    )  # fmt: skip
    result = run(job)
    assert result.attrs["attempts"] == 1
    assert result.attrs["notes"] == ""
    reached = float(sample_a.conductance(result["v(state)"].to_numpy()[-1], 0.1))
    assert reached == pytest.approx(compliance / sample_a.parameters["v_set"], rel=0.01)


def test_stated_compliance_limits_nothing(sample_a):
    """At the stated ON resistance the 1 V sweep draws less than its 5 mA."""
    assert 1.0 * float(sample_a.conductance(1.0, 1.0)) < 5e-3


def drawn_levels(device, rng, number, pulse):
    """Return conductances in G0 that a RESET of that number leaves in many drawn devices."""
    drawn = {name: values[:, 0] for name, values in device.draw_variation(rng, number).items()}
    rate = device.numpy().rate(stop_voltages()[pulse - 1], 1.0, **drawn)
    state = 1 + rate / device.parameters["k_reset"]
    return device.conductance(state, 0.1, **drawn) / G0


def gaussian_fwhm(values):
    """Return the width of a Gaussian through the histogram, as the paper has it."""
    count, edges = np.histogram(values, np.arange(-0.25, 40, 0.5))
    centre = (edges[1:] + edges[:-1]) / 2

    def gaussian(x, height, mean, sigma):
        return height * np.exp(-(((x - mean) / sigma) ** 2) / 2)

    start = [count.max(), values.mean(), values.std()]
    return FWHM * abs(curve_fit(gaussian, centre, count, start)[0][2])


@pytest.mark.parametrize("card", ["chen2020_hfox_a", "chen2020_hfox_b"])
def test_spread_has_the_stated_widths(card, rng):
    device = mc.device(card)
    for pulse in (5, 29):
        stated = device.card.measured[f"fwhm_at_pulse_{pulse}"].value / G0
        found = gaussian_fwhm(drawn_levels(device, rng, 40_000, pulse))
        assert found == pytest.approx(stated, rel=0.03)


@pytest.mark.parametrize("card", ["chen2020_hfox_a", "chen2020_hfox_b"])
def test_stated_variation_is_a_range_of_12_cycles(card, rng):
    """Largest minus smallest of 12 draws at 16 G0: the stated number is an ordinary outcome."""
    device = mc.device(card)
    levels = drawn_levels(device, rng, 12_000, 1).reshape(-1, 12)
    ranges = np.ptp(levels, axis=1) / 16
    low, high = np.quantile(ranges, [0.1, 0.9])
    assert low < device.card.measured["variation_at_16_g0"].value < high


def test_drawn_devices_in_ngspice(rng):
    """The levels of drawn devices in one netlist are those of the numpy form."""
    device = mc.device("chen2020_hfox_b")
    drawn = {name: values[:, 0] for name, values in device.draw_variation(rng, 20).items()}
    pulse = mc.Pulse(float(stop_voltages()[4]), 10e-3, rise=1e-4, fall=1e-4)
    found = conductances_after(
        device, "behavioural", [pulse], initial_state=1.0, max_step=1e-4, variation=drawn
    )
    state = 1 + device.numpy().rate(pulse.amplitude, 1.0, **drawn) / device.parameters["k_reset"]
    np.testing.assert_allclose(found[:, 0], device.conductance(state, 0.1, **drawn), rtol=5e-3)


@pytest.mark.parametrize(
    "changed", [{"v_onset": -0.7}, {"v_coarse": 0.01}, {"g_on": 1e-3}, {"v_reset": 0.6}]
)
def test_sets_that_cannot_work_are_refused(sample_a, changed):
    with pytest.raises(ParameterError, match=next(iter(changed))):
        sample_a.with_parameters(**changed)
