"""A driver with a compliance current is a short below it, and a current source at it."""

import numpy as np
import pytest

import memcircuit as mc
from memcircuit.simulate import DCSweep, Job, Options, run
from pyspice_netlists import NetlistError, OneMemristor, cell_bench
from pyspice_netlists.compliance import limit_drivers


@pytest.fixture(scope="module")
def bench():
    """Two devices of 1 kohm: VTEAM at s = 0 between its thresholds, where nothing moves."""
    cell = OneMemristor(mc.device("kvatinsky2015_vteam"))
    return cell_bench(cell, ["0", "0"], form="behavioural", initial_state=np.zeros(2))


def swept(bench, polarity, compliances, options=None):
    limited, drivers = limit_drivers(bench, compliances, polarity)
    vectors = (*limited.vectors, *drivers)
    job = Job("limiter", limited.circuit, DCSweep("vdriver_cell0", -0.19, 0.019, 1e-3),
              tuple(dict.fromkeys(vectors)), ())  # fmt: skip
    result = run(job, options=options)
    return result[drivers[0]].to_numpy(), result[limited.currents[0]].to_numpy()


@pytest.mark.parametrize("temperature", [None, 85.0])
def test_current_follows_the_resistance_up_to_the_compliance(bench, temperature):
    """Also on a hot chip: the instrument is not on it."""
    options = None if temperature is None else Options(extra=(f"temp={temperature}",))
    volts, amperes = swept(bench, -1, [50e-6, np.inf], options)
    below = volts > -0.045
    np.testing.assert_allclose(amperes[below], volts[below] / 1e3, rtol=0.03, atol=1e-9)
    np.testing.assert_allclose(amperes[volts < -0.08], -50e-6, rtol=1e-4)
    assert (np.abs(amperes) <= 50e-6 * (1 + 2e-6)).all()


def test_other_polarity_is_not_limited(bench):
    volts, amperes = swept(bench, 1, [50e-6, np.inf])
    # what the limiter takes: n V_T ln(1 + I / I_cc), 0.8 mV at 190 uA
    taken = 0.02 * 8.617333e-5 * 300.15 * np.log1p(np.abs(amperes) / 50e-6)
    down = volts < -1e-3
    np.testing.assert_allclose(amperes[down], (volts + taken)[down] / 1e3, rtol=1e-4)


def test_unlimited_drivers_stay_as_they_are(bench):
    limited, drivers = limit_drivers(bench, [np.inf, np.inf])
    assert limited.circuit == bench.circuit
    assert drivers == bench.ports[0].voltages


@pytest.mark.parametrize(
    ("compliances", "named"),
    [([1e-3], "1 compliance currents for 2 cells"), ([1e-3, 0.0], "compliance 0.0 A of cell 1"),
     ([float("nan"), 1e-3], "compliance nan A of cell 0")],
)  # fmt: skip
def test_impossible_compliances(bench, compliances, named):
    with pytest.raises(NetlistError, match=named):
        limit_drivers(bench, compliances)


def test_cells_must_not_share_a_driver():
    cell = OneMemristor(mc.device("kvatinsky2015_vteam"))
    common = cell_bench(cell, "0", form="behavioural", initial_state=np.zeros(2))
    with pytest.raises(NetlistError, match="one source for all 2 cells"):
        limit_drivers(common, [1e-3, 1e-3])
