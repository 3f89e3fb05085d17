"""TEAM: thresholds, the limit of linear ion drift, the figures of its paper."""

import numpy as np
import pytest

import memcircuit as mc
from memcircuit.devices.library import model as definition

NM = 1e-9
# Caption of Fig. 10: the fit to the tunnel barrier; bounds a_off and a_on of the same figure.
FIG10 = {
    "k_off": 1.46e-9 * NM, "k_on": -4.68e-13 * NM, "alpha_off": 10, "alpha_on": 10,
    "w_on": 1.2 * NM, "w_off": 1.8 * NM,
}  # fmt: skip


def _device(**changed):
    return mc.device("kvatinsky2013_team", **changed)


def test_no_motion_below_the_threshold_current():
    model = _device(window=0).numpy()
    for s in (0.2, 0.5, 0.8):
        resistance = 1000 - 950 * s
        below = np.array([-8.9e-6, 115e-6]) * resistance * 0.999
        np.testing.assert_array_equal(model.rate(below, s), 0.0)
        beyond = np.array([-8.9e-6, 115e-6]) * resistance * 1.001
        assert np.all(model.rate(beyond, s) * [1, -1] > 0)


def test_twice_the_threshold_current_moves_at_k():
    """(i/i_off - 1)^alpha is 1 at twice the threshold, for any alpha."""
    model = _device(window=0).numpy()
    assert model.rate(2 * 115e-6 * 525, 0.5) == pytest.approx(-8e-13 / 3e-9)
    assert model.rate(-2 * 8.9e-6 * 525, 0.5) == pytest.approx(8e-13 / 3e-9)


def test_limit_of_linear_ion_drift():
    """Alpha = 1, thresholds towards zero, k/i = mobility R_ON/D: the drift of 2008, mirrored."""
    drift = mc.device("strukov2008_tio2").numpy()
    threshold = 1e-15
    speed = 1e-14 * 100.0 / 10e-9 * threshold
    mirrored = _device(
        r_on=100, r_off=16e3, w_off=10e-9, i_on=-threshold, i_off=threshold, k_on=-speed,
        k_off=speed, alpha_on=1, alpha_off=1, window=0,
    ).numpy()  # fmt: skip
    volts, states = np.meshgrid([-1.0, -0.2, 0.2, 1.0], [0.1, 0.5, 0.9])
    np.testing.assert_allclose(mirrored.rate(-volts, states), drift.rate(volts, states), rtol=1e-9)
    np.testing.assert_allclose(mirrored.current(volts, states), drift.current(volts, states))


def test_off_is_slower_than_on():
    """Figs. 12 and 13: switching OFF is slower than switching ON, in both published sets."""
    for changed in ({}, FIG10):
        model = _device(window=0, **changed).numpy()
        assert model.rate(-1.0, 0.2) > 100 * -model.rate(1.0, 0.2)


def test_fig_10_neglects_what_reset_does_below_half_a_milliampere():
    """Effective threshold 0.5 mA where the motion is about 1e-4 nm/s."""
    model = _device(window=0, **FIG10).numpy()
    speed = -model.rate(0.5e-3 * 525, 0.5) * 0.6 * NM
    assert 1e-5 * NM < speed < 1e-3 * NM


def test_kvatinsky_window_is_the_double_exponential():
    names = definition("team").by_name["window"].choices
    closing = {"window": names.index("kvatinsky"), **FIG10}
    open_, closed = _device(window=0, **FIG10).numpy(), _device(**closing).numpy()
    s = np.array([0.3, 0.5, 0.6])
    position = (1.8 - 0.6 * s) * NM
    for volts, exponent in ((1.0, position - 1.2 * NM), (-1.0, 1.8 * NM - position)):
        ratio = closed.rate(volts, s) / open_.rate(volts, s)
        np.testing.assert_allclose(ratio, np.exp(-np.exp(exponent / 107e-12)), rtol=1e-6)


def test_exponential_resistance():
    """R = R_ON exp(lambda (1 - s)) with exp(lambda) = R_OFF/R_ON: the geometric mean halfway."""
    model = _device(exponential=1).numpy()
    resistance = 0.1 / model.current(0.1, np.array([0.0, 0.5, 1.0]))
    np.testing.assert_allclose(resistance, [1000, np.sqrt(50 * 1000), 50])
