"""Figures of sweeps show the points, means and shares that they were given."""

import itertools
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from memcircuit.errors import UsageError
from memcircuit.plot.style import BLUE, VERMILION, prefixed
from memcircuit.plot.sweep import distribution, result_against, result_map
from memcircuit.plot.sweep_axes import is_logarithmic, short_names
from memcircuit.plot.sweep_effects import main_effects, sensitivities
from memcircuit.plot.sweep_yield import yield_against
from memcircuit.sweeps.effects import main_effects as effects_of
from memcircuit.sweeps.sensitivity import sensitivities as sensitivities_of
from memcircuit.sweeps.yields_by import yield_by

sys.path.insert(0, str(Path(__file__).parents[1] / "sweeps"))
from synthetic_sweeps import grid_sweep, sampled_sweep, swept

GRID = {"device.k_set": [1e-3, 1e-2, 1e-1, 1.0], "set.amplitude": [1.0, 1.5, 2.0]}


def power_law(k, v):
    return 1e-4 * k**0.3 * v**2


@pytest.fixture
def grid():
    return grid_sweep(GRID, power_law, failed=[(0, 0), (3, 2)])


@pytest.fixture
def samples(rng):
    x = rng.normal(1.0, 0.1, size=(2, 400))
    return sampled_sweep(
        {"variation.m_k_set": x[0], "variation.m_d": x[1]},
        lambda a, b: 1e-5 * (3 * a - b),
        failed=range(5),
    )


def labels(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_a_line_for_each_value_of_the_second_parameter(grid):
    ax = result_against(grid, "device.k_set", "conductance", colour="set.amplitude")
    lines = {line.get_label(): line for line in ax.get_lines() if line.get_linestyle() == "-"}
    assert list(lines) == ["1 V", "1.5 V", "2 V"]
    np.testing.assert_allclose(lines["1.5 V"].get_xdata(), GRID["device.k_set"])
    drawn = np.asarray(lines["1.5 V"].get_ydata())
    np.testing.assert_allclose(drawn, 1e6 * power_law(np.array(GRID["device.k_set"]), 1.5))
    assert len(lines["1 V"].get_xdata()) == 3
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("device.k_set (m/s)", "conductance (µS)")
    assert ax.get_xscale() == "log"
    assert "2 without a result" in labels(ax)
    assert len({line.get_color() for line in lines.values()}) == 3


def test_without_a_second_parameter_the_line_is_the_mean_over_it():
    whole = grid_sweep(GRID, power_law)
    ax = result_against(whole, "set.amplitude", "conductance")
    mean, dots = ax.get_lines()
    expected = power_law(*np.meshgrid(*GRID.values(), indexing="ij")).mean(axis=0)
    np.testing.assert_allclose(mean.get_ydata(), 1e6 * expected)
    assert len(dots.get_xdata()) == 12
    assert ax.get_xscale() == "linear"


def test_drawn_values_are_points_and_many_colours_a_bar(samples):
    ax = result_against(samples, "variation.m_k_set", "conductance", colour="variation.m_d")
    assert not [line for line in ax.get_lines() if line.get_linestyle() == "-"]
    bars = [other for other in ax.figure.axes if other is not ax]
    assert [bar.get_ylabel() for bar in bars] == ["d multiplier"]
    assert labels(ax) == ["5 without a result"]


def test_a_map_has_a_field_for_every_point_and_hatches_those_without(grid):
    ax = result_map(grid, "device.k_set", "set.amplitude", "conductance")
    (mesh,) = ax.collections
    shown = np.ma.masked_invalid(mesh.get_array())
    wanted = power_law(np.array(GRID["device.k_set"]), np.array(GRID["set.amplitude"])[:, None])
    assert shown.mask[0, 0]
    assert shown.mask[2, 3]
    np.testing.assert_allclose(shown.compressed(), 1e6 * wanted[~shown.mask])
    hatched = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    assert [patch.get_hatch() for patch in hatched] == ["////", "////"]
    # the failed corner at the lowest levels of both
    x, y = hatched[0].get_xy()
    assert x < 1e-3 < x + hatched[0].get_width()
    assert y < 1.0 < y + hatched[0].get_height()
    turned = result_map(grid, "set.amplitude", "device.k_set", "conductance")
    other = np.ma.masked_invalid(turned.collections[0].get_array())
    np.testing.assert_allclose(other.T.filled(0), shown.filled(0))


def test_a_map_of_levels_in_any_order_is_drawn_in_theirs():
    shuffled = {"gate": [3.0, 1.0, 2.0], "form": ["b", "a"]}
    ax = result_map(
        grid_sweep(shuffled, lambda g, f: g + 10 * (f == "b")), "gate", "form", "conductance"
    )
    np.testing.assert_allclose(ax.collections[0].get_array(), [[1, 2, 3], [11, 12, 13]])
    assert [text.get_text() for text in ax.get_yticklabels()] == ["a", "b"]


def test_a_distribution_counts_every_point_and_says_the_yield(samples):
    values = samples["conductance"].to_numpy()
    ax = distribution(samples, "conductance", limits=(1.5e-5, None))
    assert sum(patch.get_height() for patch in ax.patches) == 395
    assert ax.get_xlabel() == "conductance (µS)"
    share, missing = labels(ax)
    assert share.startswith(f"inside: {100 * np.sum(values >= 1.5e-5) / 400:.3g} % (")
    assert missing == "5 of 400 without a result"
    assert [line.get_xdata()[0] for line in ax.get_lines() if len(line.get_xdata())] == [15.0]


def test_a_cumulative_distribution_ends_at_one(samples):
    ax = distribution(samples, "conductance", cumulative=True)
    (curve, _) = ax.get_lines()
    assert curve.get_ydata()[-1] == 1.0
    middle = np.interp(0.5, curve.get_ydata(), curve.get_xdata())
    assert middle == pytest.approx(1e6 * np.nanmedian(samples["conductance"]), rel=0.01)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (2.6e-6, 8.8e-5, ["5", "10", "20", "50"]),  # one power of ten
        (1e-6, 1.2e-5, ["1", "2", "5", "10"]),
        (3e-6, 5e-3, [rf"$\mathdefault{{10^{{{power}}}}}$" for power in (-2, -1, 0)]),  # mS
    ],
)
def test_labels_of_a_logarithmic_axis_stand_apart(low, high, expected):
    ax = distribution(sampled_sweep({"v": np.geomspace(low, high, 50)}, np.copy), "conductance")
    ax.figure.canvas.draw()
    assert not any(text.get_text() for text in ax.get_xticklabels(minor=True))
    across = ax.get_xlim()
    ticks = zip(ax.get_xticks(), ax.get_xticklabels(), strict=True)
    texts = [text for place, text in ticks if across[0] <= place <= across[1]]
    shown = [text.get_text() for text in texts]
    assert [text for text in shown if text in expected] == expected
    boxes = [text.get_window_extent() for text in texts]
    assert all(one.x1 < other.x0 for one, other in itertools.pairwise(boxes))


def test_values_are_marked_on_the_axis_in_its_unit(samples):
    marked = {"corners": [1e-5, np.nan, 3.5e-5], "nominal": 2e-5}
    ax = distribution(samples, "conductance", marked=marked)
    marks = {line.get_label(): line for line in ax.get_lines()}
    np.testing.assert_allclose(marks["corners"].get_xdata(), [10.0, np.nan, 35.0])
    np.testing.assert_allclose(marks["nominal"].get_xdata(), [20.0])
    assert labels(ax)[:2] == ["corners", "nominal"]
    # on the axis, whatever the height of the bars
    assert marks["nominal"].get_transform() == ax.get_xaxis_transform()
    assert marks["corners"].get_marker() != marks["nominal"].get_marker()
    low, high = ax.get_xlim()
    assert low < 10.0
    assert high > 35.0


@pytest.fixture
def devices(rng):
    """Ten devices at settings that pair an amplitude with a width, each width with its own."""
    strength = rng.normal(size=10)
    widths, volts = np.repeat([1e-6, 2e-6], 3), np.array([1.0, 1.1, 1.2, 1.2, 1.3, 1.4])
    return swept(
        {"setting": 6, "device": 10},
        {
            "cell.transistor.w": ("setting", widths),
            "set.amplitude": ("setting", volts),
            "variation.m_k_set": ("device", np.exp(strength)),
        },
        {"conductance": strength + 10 * volts[:, np.newaxis]},
    )


def test_a_yield_is_a_line_with_its_interval_for_each_value_of_the_second_parameter(devices):
    found = yield_by(devices, {"conductance": (12.0, None)}, ["set.amplitude", "cell.transistor.w"])
    ax = yield_against(found)
    lines = {line.get_label(): line for line in ax.get_lines()}
    assert list(lines) == ["1 µm", "2 µm", "95 % interval"]
    for width, volts in ((1, [1.0, 1.1, 1.2]), (2, [1.2, 1.3, 1.4])):
        one = found.sel({"cell.transistor.w": width * 1e-6, "set.amplitude": volts})
        np.testing.assert_allclose(lines[f"{width} µm"].get_xdata(), volts)
        np.testing.assert_allclose(lines[f"{width} µm"].get_ydata(), 100 * one["share"])
        ends = ax.collections[width - 1].get_paths()[0].get_extents()
        low, high = float(one["low"].min()), float(one["high"].max())
        assert (ends.y0, ends.y1) == pytest.approx((100 * low, 100 * high))
    assert ax.get_xlabel() == "set.amplitude (V)"
    assert ax.get_ylabel() == "points inside the limits (%)"
    assert ax.get_legend().get_title().get_text() == "cell.transistor.w"


def test_yields_of_names_are_not_joined(devices):
    found = yield_by(devices, {"conductance": (12.0, None)}, "setting")
    found = found.assign_coords(setting=list("abcdef"))
    ax = yield_against(found)
    assert ax.get_lines()[0].get_linestyle() == "None"
    (bars,) = ax.collections
    ends = np.array([path.vertices[:, 1] for path in bars.get_paths()])
    np.testing.assert_allclose(ends, 100 * np.stack([found["low"], found["high"]], axis=1))
    assert [text.get_text() for text in ax.get_xticklabels()] == list("abcdef")


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["variation.m_k_set", "set.amplitude"], ["k_set", "set.amplitude"]),
        (["variation.m_k_set[0]", "variation.m_k_set[1]"], ["k_set[0]", "k_set[1]"]),
        # the card's parameter and its multiplier are not the same
        (["variation.m_k_set", "device.k_set"], ["variation.m_k_set", "device.k_set"]),
        (["gate", "variation.m_gate"], ["gate", "variation.m_gate"]),
    ],
)
def test_multipliers_are_named_by_what_they_multiply(paths, names):
    assert short_names(paths) == names


@pytest.mark.parametrize(
    ("values", "unit", "expected"),
    [
        ([2e-5, np.nan], "S", (1e6, "µS")),
        ([1e-4, np.inf], "A", (1e6, "µA")),
        ([-0.2, 0.1], "V", (1.0, "V")),
        ([np.inf], "A", (1.0, "A")),
        ([3e-3], "m/s", (1.0, "m/s")),
        ([3e-3], "1", (1.0, "")),
    ],
)
def test_a_unit_gets_the_prefix_of_its_largest_finite_value(values, unit, expected):
    assert prefixed(np.asarray(values), unit) == expected


def test_main_effects_are_drawn_at_their_levels(grid, samples):
    effects = effects_of(grid, "conductance")
    ax = main_effects(effects)
    drawn = [box.lines[0] for box in ax.containers]
    for line, mean in zip(drawn, effects["mean"].to_numpy(), strict=True):
        np.testing.assert_allclose(line.get_ydata(), 1e6 * mean[np.isfinite(mean)])
    ticks = [text.get_text() for text in ax.get_xticklabels()]
    assert ticks == ["device.\nk_set\n0.001 … 1 m/s", "set.\namplitude\n1, 1.5, 2 V"]
    assert not any(box.has_yerr for box in ax.containers)
    assert all(box.has_yerr for box in main_effects(effects_of(samples, "conductance")).containers)


def test_the_strongest_parameter_is_on_top_and_the_colour_tells_the_sign(samples):
    found = sensitivities_of(samples, "conductance")
    ax = sensitivities(found)
    widths = [patch.get_width() for patch in ax.patches]
    np.testing.assert_allclose(widths, found["coefficient"])
    assert list(found["parameter"].to_numpy()) == ["variation.m_k_set", "variation.m_d"]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["k_set", "d"]
    assert ax.yaxis_inverted()
    assert [to_hex(patch.get_facecolor()).upper() for patch in ax.patches] == [BLUE, VERMILION]
    assert "R² = 1.000" in ax.get_xlabel()
    assert len(sensitivities(found, most=1).patches) == 1


def test_sensitivities_of_a_grid_are_exponents():
    ax = sensitivities(sensitivities_of(grid_sweep(GRID, power_law), "conductance"))
    assert [patch.get_width() for patch in ax.patches] == pytest.approx([2.0, 0.3])
    assert [text.get_text() for text in ax.get_yticklabels()] == ["set.amplitude", "device.k_set"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.geomspace(1, 100, 5), True),
        (np.linspace(1, 100, 5), False),
        ([1.0, 1.2, 1.5], False),
        ([-1.0, 10.0, 100.0], False),
        ([np.nan, 1.0, 10.0, 100.0], True),
    ],
)
def test_an_axis_is_logarithmic_when_its_values_are(values, expected):
    assert is_logarithmic(np.asarray(values)) is expected


def test_no_figure_of_what_is_no_yield_by_one_or_two_parameters(devices, samples):
    with pytest.raises(UsageError, match=r"pass what sweeps\.yield_by returned"):
        yield_against(samples)
    names = ["setting", "set.amplitude", "cell.transistor.w"]
    with pytest.raises(UsageError, match="one or two parameters are drawn"):
        yield_against(
            yield_by(devices, {"conductance": (0, None)}, names[:2]).isel(
                {"setting": 0, "set.amplitude": 0}
            )
        )


def test_what_cannot_be_drawn_is_refused(grid, samples):
    with pytest.raises(UsageError, match=r"no parameter 'gate'; the sweep has device\.k_set"):
        result_against(grid, "gate", "conductance")
    with pytest.raises(UsageError, match="needs a grid of these two"):
        result_map(samples, "variation.m_k_set", "variation.m_d", "conductance")
    with pytest.raises(UsageError, match="none of 1 points"):
        distribution(grid.isel({"device.k_set": [0], "set.amplitude": [0]}), "conductance")
    with pytest.raises(UsageError, match=r"pass what sweeps\.main_effects returned"):
        main_effects(sensitivities_of(samples, "conductance"))
    with pytest.raises(UsageError, match=r"pass what sweeps\.sensitivities returned"):
        sensitivities(effects_of(grid, "conductance"))
