"""The windows against their formulas, and what they do at the ends."""

import numpy as np
import pytest

import memcircuit as mc
from memcircuit.errors import ParameterError

WINDOWS = ("none", "strukov", "joglekar", "biolek", "prodromakis")
END_RELEASE = 1e-3


def _factor(window, volts, s, **changed):
    """Return the window: the rate beside that of the bare drift at the same resistance."""
    device = mc.device("strukov2008_tio2", window=WINDOWS.index(window), **changed)
    resistance = 100.0 * s + 16e3 * (1 - s)
    bare = 1e-14 * 100.0 / (10e-9) ** 2 * volts / resistance
    return device.numpy().rate(volts, s) / bare


def test_interior_is_as_published():
    s = np.linspace(0.01, 0.99, 99)
    for volts in (0.3, -0.3):
        np.testing.assert_allclose(_factor("none", volts, s), 1.0)
        np.testing.assert_allclose(_factor("strukov", volts, s), s * (1 - s))
        np.testing.assert_allclose(_factor("joglekar", volts, s, p=3), 1 - (2 * s - 1) ** 6)
        np.testing.assert_allclose(
            _factor("prodromakis", volts, s, p=4, j=1.5), 1.5 * (1 - ((s - 0.5) ** 2 + 0.75) ** 4)
        )
    np.testing.assert_allclose(_factor("biolek", 0.3, s, p=2), 1 - s**4)
    np.testing.assert_allclose(_factor("biolek", -0.3, s, p=2), 1 - (1 - s) ** 4)


@pytest.mark.parametrize("window", WINDOWS)
def test_closed_ahead_and_open_behind(window):
    """The end ahead stops the state; the end behind lets it go as from a thousandth away."""
    assert _factor(window, 1.0, 1.0) == 0.0
    assert _factor(window, -1.0, 0.0) == 0.0
    for volts, end, inside in ((1.0, 0.0, END_RELEASE), (-1.0, 1.0, 1 - END_RELEASE)):
        behind = _factor(window, volts, end)
        assert behind > 0
        if window in ("strukov", "joglekar", "prodromakis"):
            assert behind == pytest.approx(float(_factor(window, volts, inside)))


@pytest.mark.parametrize("window", WINDOWS)
def test_whole_range_can_be_crossed(window):
    """From either end a constant voltage brings the state to the other end."""
    model = mc.device("strukov2008_tio2", window=WINDOWS.index(window)).numpy()
    times = np.linspace(0.0, 60.0, 50)
    for volts, start, end in ((1.0, 0.0, 1.0), (-1.0, 1.0, 0.0)):
        state = model.integrate(lambda _, volts=volts: volts, times, start)
        assert np.all(np.diff(state) * volts > -1e-9)
        assert state[-1] == pytest.approx(end, abs=1e-3)


def test_unknown_window_is_refused():
    with pytest.raises(ParameterError, match="choose 0 none, 1 strukov"):
        mc.device("strukov2008_tio2", window=7)
