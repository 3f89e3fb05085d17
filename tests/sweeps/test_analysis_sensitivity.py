"""Sensitivities against closed forms: linear and power laws, Ishigami's function."""

import numpy as np
import pytest
import xarray as xr
from scipy.stats import qmc, spearmanr
from synthetic_sweeps import grid_sweep, sampled_sweep, swept

from memcircuit.errors import UsageError
from memcircuit.sweeps.sensitivity import sensitivities

GRID = {"device.k_set": [0.01, 0.02, 0.05], "set.amplitude": [1.0, 1.3, 1.5, 1.6, 2.0]}


def test_coefficients_of_a_linear_model_are_exact(rng):
    a, b = rng.normal(5.0, 2.0, 300), rng.uniform(-1e-6, 1e-6, 300)
    y = 3 * a - 4e6 * b
    found = sensitivities(sampled_sweep({"gate": a, "cell.w": b}, lambda *_: y), "conductance")
    wanted = [3 * a.std() / y.std(), -4e6 * b.std() / y.std()]
    np.testing.assert_allclose(found["coefficient"], wanted, rtol=1e-12)
    assert float(found["variance_explained"]) == pytest.approx(1.0, abs=1e-12)
    assert found["rank_correlation"].to_numpy() == pytest.approx(
        [spearmanr(one, y).statistic for one in (a, b)]
    )
    assert list(found["unit"].to_numpy()) == ["V", "1"]


def test_share_explained_is_that_of_the_line_and_not_of_the_scatter(rng):
    x, scatter = rng.normal(size=(2, 20_000))
    found = sensitivities(sampled_sweep({"gate": x}, lambda x: 3 * x + 4 * scatter), "conductance")
    assert float(found["variance_explained"]) == pytest.approx(9 / 25, abs=0.02)
    assert float(found["first_order"][0]) == pytest.approx(9 / 25, abs=0.03)
    # of one parameter the coefficient is the correlation r, whose error is (1 - r^2) / sqrt(n)
    assert float(found["coefficient"][0]) == pytest.approx(0.6, abs=0.02)
    assert float(found["standard_error"][0]) == pytest.approx(0.64 / np.sqrt(20_000), rel=0.03)


def test_standard_errors_are_the_scatter_between_repeated_studies(rng):
    """A curved result with correlated parameters, and cycles that share their device's."""
    found, said = [], []
    for _ in range(200):
        device, cycle = rng.normal(size=(150, 1)), rng.normal(size=(150, 4))
        both = 0.6 * device + 0.8 * cycle
        dataset = swept(
            {"device": 150, "cycle": 4},
            {
                "device.k_set": ("device", device[:, 0]),
                "variation.m_k_set": (("device", "cycle"), both),
            },
            {"conductance": np.exp(0.7 * device) + both**2 + both},
        )
        one = sensitivities(dataset, "conductance")
        found.append(one["coefficient"].to_numpy())
        said.append(one["standard_error"].to_numpy())
    np.testing.assert_allclose(np.mean(said, axis=0), np.std(found, axis=0), rtol=0.2)


@pytest.mark.parametrize(
    ("points", "bound"),
    [
        # the share of 2**15 random points scatters by about 0.005
        (np.random.default_rng(1).random((2**15, 3)), 0.02),
        (qmc.Sobol(3, rng=1).random(2**13), 0.01),
    ],
    ids=["random", "sobol"],
)
def test_first_order_indices_are_those_of_ishigami(points, bound):
    """T. Ishigami, T. Homma, ISUMA 1990, doi:10.1109/ISUMA.1990.151285, with a = 7, b = 0.1."""
    a, b = 7.0, 0.1
    x = np.pi * (2 * points - 1).T
    dataset = sampled_sweep(
        dict(zip(("one", "two", "three"), x, strict=True)),
        lambda x1, x2, x3: np.sin(x1) + a * np.sin(x2) ** 2 + b * x3**4 * np.sin(x1),
    )
    whole = a**2 / 8 + b * np.pi**4 / 5 + b**2 * np.pi**8 / 18 + 0.5
    wanted = [0.5 * (1 + b * np.pi**4 / 5) ** 2 / whole, a**2 / 8 / whole, 0.0]
    found = sensitivities(dataset, "conductance")
    assert found["first_order"].to_numpy() == pytest.approx(wanted, abs=bound)
    # what no line shows: the second parameter moves the result up on both sides
    assert abs(float(found["coefficient"][1])) < 0.02


def test_a_parameter_without_effect_has_no_share_on_average(rng):
    shares = [
        float(
            sensitivities(
                sampled_sweep({"gate": rng.random(60)}, lambda x: rng.normal(size=x.size)),
                "conductance",
            )["first_order"][0]
        )
        for _ in range(300)
    ]
    assert abs(np.mean(shares)) < 4 * np.std(shares) / np.sqrt(300)


def test_grid_times_samples_is_one_regression(rng):
    gate, m = np.array([1.0, 2.0, 4.0]), rng.normal(1.0, 0.1, 500)
    y = 2 * gate[:, np.newaxis] + 5 * m
    dataset = swept(
        {"gate": 3, "device": 500},
        {"gate": (("gate",), gate), "variation.m_k_set": ("device", m)},
        {"conductance": y},
    )
    found = sensitivities(dataset, "conductance")
    np.testing.assert_allclose(
        found["coefficient"], [2 * gate.std() / y.std(), 5 * m.std() / y.std()], rtol=1e-12
    )
    # at every draw the same levels of the gate
    assert float(found["first_order"][0]) == pytest.approx(4 * gate.var() / y.var(), abs=1e-3)


def test_every_memristor_of_a_cell_is_a_parameter(rng):
    m = rng.normal(size=(100, 2))
    dataset = swept(
        {"device": 100},
        {"variation.m_k_set": (("device", "memristor"), m)},
        {"conductance": m[:, 0] - 3 * m[:, 1]},
    )
    found = sensitivities(dataset, "conductance")
    assert list(found["parameter"].to_numpy()) == ["variation.m_k_set[0]", "variation.m_k_set[1]"]
    assert float(found["coefficient"][1]) < -0.9


def test_a_power_law_has_its_exponents_at_the_centre_of_a_grid():
    found = sensitivities(grid_sweep(GRID, lambda k, v: 1e-5 * k**0.5 * v**-3.0), "conductance")
    np.testing.assert_allclose(found["local_sensitivity"], [0.5, -3.0], rtol=1e-12)
    np.testing.assert_allclose(found["centre"], [0.02, 1.5])
    assert list(found["unit"].to_numpy()) == ["m/s", "V"]


def test_local_slope_converges_to_the_derivative_whatever_the_signs():
    amplitudes = -1.2 * (1 + 0.01 * np.array([-1.0, 0.0, 2.0]))
    crossing = grid_sweep(
        {"gate": [-0.02, 0.01, 0.02], "reset.amplitude": amplitudes},
        lambda g, v: -1e-6 * np.exp(2 * g) * v**3,
    )
    found = sensitivities(crossing, "conductance")["local_sensitivity"]
    # d ln y / d ln x = 2 g of the exponential
    assert found.to_numpy() == pytest.approx([0.02, 3.0], rel=0.02)


def test_a_grid_uses_the_neighbours_that_did_not_fail():
    dataset = grid_sweep(GRID, lambda k, v: k * v**2, failed=[(1, 1), (0, 2)])
    found = sensitivities(dataset, "conductance")
    np.testing.assert_allclose(found["local_sensitivity"], [1.0, 2.0], rtol=1e-12)
    assert (found.attrs["points"], found.attrs["left_out"]) == (13, 2)


def test_failed_points_are_left_out_and_counted(rng):
    x = rng.normal(size=100)
    whole = sensitivities(sampled_sweep({"gate": x[10:]}, np.sin), "conductance")
    found = sensitivities(sampled_sweep({"gate": x}, np.sin, failed=range(10)), "conductance")
    xr.testing.assert_allclose(found[["coefficient"]], whole[["coefficient"]])
    assert (found.attrs["points"], found.attrs["left_out"]) == (90, 10)


def test_selected_parts_and_files_are_read_the_same(tmp_path):
    dataset = grid_sweep(GRID, lambda k, v: k * v**2)
    part = dataset.isel({"device.k_set": 1})
    found = sensitivities(part, "conductance")
    assert list(found["parameter"].to_numpy()) == ["set.amplitude"]
    dataset.to_netcdf(tmp_path / "sweep.nc", engine="scipy")
    with xr.open_dataset(tmp_path / "sweep.nc", engine="scipy") as read:
        xr.testing.assert_identical(
            sensitivities(read, "conductance"), sensitivities(dataset, "conductance")
        )


def refusals(rng):
    x, other = rng.normal(size=(2, 20))
    pulse = swept({"point": 2}, {"gate": ("point", [1, 2])}, {"g": (("pulse",), np.ones((2, 3)))})
    return {
        "gate, b change only together": sampled_sweep(
            {"gate": x, "b": 2 * x + 1, "c": other}, lambda *_: other
        ),
        "nothing moves it": sampled_sweep({"gate": x}, np.ones_like),
        "no parameter takes more than one": sampled_sweep({"gate": np.ones(3)}, np.cumsum),
        "needs 4": sampled_sweep({"gate": x[:3], "b": other[:3]}, np.add),
        "centre of the grid": grid_sweep(GRID, np.multiply, failed=[(1, 2)]),
        "no parameter with numbers": sampled_sweep({"form": ["a", "b"]}, lambda _: [1, 2]),
        "no attribute 'sweep_dims'": xr.Dataset({"conductance": 1.0}),
        r"isel\({'pulse': -1}\)": pulse.rename(g="conductance"),
        "no dimension of the sweep is left": grid_sweep({"gate": [1, 2]}, np.sqrt).isel(gate=0),
    }


@pytest.mark.parametrize("message", list(refusals(np.random.default_rng(0))))
def test_what_gives_no_sensitivity_is_refused(message, rng):
    with pytest.raises(UsageError, match=message):
        sensitivities(refusals(rng)[message], "conductance")


@pytest.mark.parametrize("given", [3, None, "x"])
def test_what_is_no_dataset_is_refused(given):
    with pytest.raises(
        UsageError, match=r"^dataset is .*; give the dataset that mc.sweep returned"
    ):
        sensitivities(given, "conductance")
