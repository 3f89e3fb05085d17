"""Every analysis runs on every device, in both forms, without a word from the simulator."""

import numpy as np
import pytest

import memcircuit as mc
from memcircuit.simulate import ACSweep, DCSweep, Job, OperatingPoint, Transient, run

ANALYSES = {
    "op": OperatingPoint(),
    "dc": DCSweep("vdriver", -0.2, 0.2, 0.02),
    "ac": ACSweep(5, 1e3, 1e6),
    "tran": Transient(stop=1e-6, step=1e-8, max_step=1e-8),
}


def _job(device, form, analysis, source):
    from pyspice_netlists import cell_bench

    bench = cell_bench(
        mc.cells.OneMemristor(device), source, form=form, initial_state=np.array([0.4])
    )
    return Job("every analysis", bench.circuit, analysis, bench.vectors, device.verilog_a(form))


@pytest.mark.parametrize("form", ["osdi", "behavioural"])
@pytest.mark.parametrize("name", ANALYSES)
def test_no_convergence_trouble(card_device, form, name):
    source = "DC 0.1 AC 1 SIN(0.1 0.05 1e6)"
    result = run(_job(card_device, form, ANALYSES[name], source))
    assert result.attrs["attempts"] == 1
    assert result.attrs["notes"] == ""


@pytest.mark.parametrize("form", ["osdi", "behavioural"])
def test_state_is_frozen_in_dc_and_ac(card_device, form):
    sweep = run(_job(card_device, form, ANALYSES["dc"], "0"))
    volts = np.linspace(-0.2, 0.2, 21)
    expected = card_device.numpy().current(volts, 0.4)
    np.testing.assert_allclose(sweep["i(vcell0)"], expected, rtol=1e-8, atol=1e-15)
    small = run(_job(card_device, form, ANALYSES["ac"], "DC 0.1 AC 1"))
    slope = card_device.numpy().jacobian(0.1, 0.4)[0, 0]
    np.testing.assert_allclose(np.real(small["i(vcell0)"]), slope, rtol=1e-6)
    np.testing.assert_allclose(np.imag(small["i(vcell0)"]), 0.0, atol=1e-9 * slope)


@pytest.mark.parametrize("form", ["osdi", "behavioural"])
@pytest.mark.parametrize("start", [0.0, 1.0])
def test_overdrive_stays_inside(form, start):
    """At the edge and three times overdriven the state neither leaves 0 ... 1 nor sticks."""
    device = mc.device("kvatinsky2015_vteam")
    pulses = {"set": mc.Pulse(-0.6, 1e-9), "reset": mc.Pulse(1.0, 10e-9)}
    train = mc.pulse_train(device, **pulses, pulses=2, initial_state=start, form=form)
    state = train["state"].to_numpy()[0]
    assert np.all((state > -1e-4) & (state < 1 + 1e-4))
    assert np.ptp(state) > 0.1
