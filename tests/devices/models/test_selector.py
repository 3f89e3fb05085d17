"""The selector's explicit current against the implicit equation that it solves."""

import numpy as np
import pytest

import memcircuit as mc

I_0, V_0, R = 1.746e-17, 0.0369, 1e3  # of the card


@pytest.fixture
def device():
    return mc.device("narayanan2015_miec")


def test_current_solves_the_series_circuit(device):
    """The voltages over both parts add up; what is missing is turned into a share of i."""
    v = np.concatenate([-np.geomspace(1e-3, 5, 200), np.geomspace(1e-3, 5, 200)])
    i = device.numpy().current(v, 0.0)
    missing = V_0 * np.arcsinh(i / I_0) + R * i - v
    slope = V_0 / np.hypot(i, I_0) + R
    assert np.abs(missing / slope / i).max() < 2e-4


def test_limits(device):
    model = device.numpy()
    assert model.current(0.0, 0.0) == 0
    assert model.current(0.01, 0.0) == pytest.approx(I_0 * np.sinh(0.01 / V_0), rel=1e-3)
    # far above the turn-on the resistance is what is left
    i, slope = model.port(100.0, 0.0)
    assert 90 < i * R < 100
    assert slope * R == pytest.approx(1, rel=1e-3)


def test_half_bias(device):
    """85 mV per decade: half of 1 V passes 5.9 decades less, but for the drop at r_series."""
    full, half = device.numpy().current([1.0, 0.5], 0.0)
    decades = np.log10(full / half)
    assert decades == pytest.approx((0.5 - full * R) / 0.085, abs=0.05)


@pytest.mark.parametrize("form", ["osdi", "behavioural"])
def test_pulses_leave_it_as_it_was(device, form):
    train = mc.pulse_train(device, pulses=5, form=form)
    conductance = train["conductance"].to_numpy()[0]
    np.testing.assert_allclose(conductance, conductance[0], rtol=1e-9)
    np.testing.assert_allclose(train["state"], 0.0, atol=1e-15)
