"""Results as one table of numbers: the same as the dataset says."""

import numpy as np
import pytest

from memcircuit.errors import SimulationError, UsageError
from memcircuit.simulate import ACSweep, Job, OperatingPoint, Transient, run
from memcircuit.simulate.ngspice import run_waves

CIRCUIT = "V1 in 0 SIN(0 1 1k)\nR1 in out 1k\nC1 out 0 1u\n"
VECTORS = ("v(out)", "i(V1)", "@c1[capacitance]")


def test_they_are_those_of_the_dataset():
    job = Job("low pass", CIRCUIT, Transient(1e-3, 1e-5), VECTORS)
    waves, told = run_waves(job), run(job)
    np.testing.assert_array_equal(waves.axis, told["time"])
    for name in VECTORS:
        np.testing.assert_array_equal(waves[name], told[name])
    both = waves.of(("i(V1)", "v(out)"))
    np.testing.assert_array_equal(both, np.stack([told["i(V1)"], told["v(out)"]]))
    assert set(waves.attributes) == set(told.attrs)


def test_an_operating_point_is_one_point():
    waves = run_waves(Job("point", "V1 a 0 2\nR1 a 0 4\n", OperatingPoint(), ("v(a)", "i(v1)")))
    np.testing.assert_allclose(waves.of(("v(a)", "i(v1)")), [[2.0], [-0.5]])


def test_complex_results_and_failures_are_refused():
    sweep = Job("ac", CIRCUIT.replace("SIN", "AC 1 SIN"), ACSweep(5, 1.0, 1e3), ("v(out)",))
    with pytest.raises(UsageError, match="whose vectors are real"):
        run_waves(sweep)
    with pytest.raises(SimulationError, match="no data saved"):
        run_waves(Job("missing", CIRCUIT, Transient(1e-3, 1e-5), ("v(nowhere)",)))
