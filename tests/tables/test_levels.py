"""Levels: nearest against every level, and spreads against what was drawn."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import memcircuit as mc
from memcircuit.errors import TableError

LevelTable = mc.LevelTable

uneven = st.lists(
    st.integers(0, 10**6), min_size=2, max_size=40, unique=True
).map(lambda units: np.sort(units) * 1e-9)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(uneven, st.lists(st.floats(-1e-4, 2e-3), min_size=1, max_size=30))
def test_nearest_is_the_nearest_of_all_levels(levels, wanted):
    chosen = LevelTable.of(levels).nearest(wanted)
    distance = np.abs(np.subtract.outer(wanted, levels))
    assert set(chosen) <= set(levels)
    np.testing.assert_allclose(
        np.abs(np.subtract(wanted, chosen)), distance.min(axis=1), rtol=0, atol=1e-18
    )


def test_between_two_levels_the_higher_is_taken():
    # eighths are exact in binary, so that the middles are
    table = LevelTable.of([0.125, 0.25, 0.5, 1.0])
    np.testing.assert_array_equal(table.nearest([0.1875, 0.375, 0.75]), [0.25, 0.5, 1.0])
    np.testing.assert_array_equal(table.nearest([-1.0, 0.0, 5.0, np.inf]), [0.125, 0.125, 1.0, 1.0])


def test_nearest_keeps_the_shape():
    table = LevelTable.uniform(0.0, 1e-4, 5)
    wanted = np.linspace(0, 1e-4, 24).reshape(2, 3, 4)
    assert table.nearest(wanted).shape == wanted.shape
    assert table.nearest(3e-5).shape == ()
    with pytest.raises(TableError, match="2 NaN"):
        table.nearest([np.nan, 1e-5, np.nan])


def test_levels_come_in_any_order_with_their_spreads():
    table = LevelTable.of([3e-6, 1e-6, 2e-6], device_to_device=[3e-8, 1e-8, 2e-8], read_noise=5e-9)
    np.testing.assert_array_equal(table.conductance, [1e-6, 2e-6, 3e-6])
    np.testing.assert_array_equal(table.device_to_device, [1e-8, 2e-8, 3e-8])
    np.testing.assert_array_equal(table.cycle_to_cycle, np.zeros(3))
    np.testing.assert_array_equal(table.read_noise, np.full(3, 5e-9))
    assert len(table) == 3
    assert table.range == (1e-6, 3e-6)
    with pytest.raises(ValueError, match="read-only"):
        table.conductance[0] = 0.0


def test_uniform_levels_are_exact_at_the_ends():
    table = LevelTable.uniform(1e-6, 350e-6, 101)
    assert table.range == (1e-6, 350e-6)
    np.testing.assert_allclose(np.diff(table.conductance), 349e-6 / 100, rtol=1e-12)


def _drawn(devices, cycles, between, within, rng):
    """One SET step of known spreads, and a RESET back."""
    shape = (devices, cycles, 1)
    start = 1e-5 + np.zeros(shape)
    reached = 1e-4 + between * rng.standard_normal((devices, 1, 1))
    reached = reached + within * rng.standard_normal(shape)
    conductance = np.concatenate([start, reached, start], axis=-1)
    dims = ("device", "cycle", "pulse")
    return mc.ConductanceTable.from_pulses(
        xr.Dataset(
            {"conductance": (dims, conductance), "energy": (dims, 0 * conductance)},
            coords={"direction": ("pulse", [0, 1, -1])},
        )
    )


@pytest.mark.parametrize(("between", "within"), [(4e-6, 1e-6), (1e-6, 4e-6), (0.0, 3e-6)])
def test_deviations_between_devices_and_cycles_are_kept_apart(between, within, rng):
    devices, cycles = 2000, 4
    table = LevelTable.from_pulses(_drawn(devices, cycles, between, within, rng))
    assert max(table.device_to_device[0], table.cycle_to_cycle[0]) < 1e-18
    # standard errors of an estimated variance: sqrt(2 / n) of it
    of_cycles = within**2 * np.sqrt(2 / (devices * (cycles - 1)))
    assert table.cycle_to_cycle[1] ** 2 == pytest.approx(within**2, abs=4 * of_cycles)
    of_devices = (between**2 + within**2 / cycles) * np.sqrt(2 / devices)
    assert table.device_to_device[1] ** 2 == pytest.approx(between**2, abs=4 * of_devices)
    assert table.conductance[1] == pytest.approx(
        1e-4, abs=4 * np.hypot(between, within / 2) / np.sqrt(devices)
    )


def test_pulses_that_lead_back_are_no_levels():
    conductance = 1e-6 * np.array([[10, 30, 20, 30, 50, 40, 45, 15.0]])
    dims = ("cell", "pulse")
    table = mc.ConductanceTable.from_pulses(
        xr.Dataset(
            {"conductance": (dims, conductance), "energy": (dims, 0 * conductance)},
            coords={"direction": ("pulse", [0, 1, 1, 1, 1, -1, -1, -1])},
        )
    )
    np.testing.assert_allclose(LevelTable.from_pulses(table).conductance, [10e-6, 30e-6, 50e-6])
    reset = LevelTable.from_pulses(table, "reset")
    np.testing.assert_allclose(reset.conductance, [15e-6, 40e-6, 50e-6])
    # one device and one cycle have no deviation
    assert not reset.device_to_device.any()
    assert not reset.cycle_to_cycle.any()
    with pytest.raises(TableError, match="direction 'up'"):
        LevelTable.from_pulses(table, "up")


@settings(max_examples=60, deadline=None)
@given(uneven, st.integers(2, 12))
def test_thinned_levels_are_the_nearest_to_equal_distances(levels, count):
    table = LevelTable.of(levels, device_to_device=2 * levels, cycle_to_cycle=3 * levels)
    wanted = np.linspace(levels[0], levels[-1], count)
    distance = np.abs(np.subtract.outer(wanted, levels)).min(axis=1)
    try:
        thinned = table.thinned(count)
    except TableError as error:
        assert f"{len(levels)} levels, of which" in str(error)  # noqa: PT017
        return
    assert len(thinned) == count
    assert thinned.range == table.range
    np.testing.assert_allclose(np.abs(wanted - thinned.conductance), distance, rtol=0, atol=1e-18)
    np.testing.assert_array_equal(thinned.device_to_device, 2 * thinned.conductance)
    np.testing.assert_array_equal(thinned.cycle_to_cycle, 3 * thinned.conductance)


def test_every_fourth_of_equal_levels():
    table = LevelTable.uniform(0.0, 64e-6, 65)
    np.testing.assert_array_equal(table.thinned(17).conductance, table.conductance[::4])
    np.testing.assert_array_equal(table.thinned(65).conductance, table.conductance)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: LevelTable.of([1e-6]), "1 levels; at least 2"),
        (lambda: LevelTable.of([1e-6, 1e-6]), "level 1 is not above level 0"),
        (lambda: LevelTable.of([1e-6, np.nan]), "conductance of level 1 is nan"),
        (lambda: LevelTable.of([-1e-6, 1e-6]), "conductance of level 0 is -1e-06"),
        (lambda: LevelTable.of([1e-6, np.inf]), "is inf"),
        (lambda: LevelTable.of("abc"), "conductance is no array of numbers"),
        (lambda: LevelTable.of([[1e-6, 2e-6]]), r"shape \(1, 2\), not"),
        (lambda: LevelTable.of([1e-6, 2e-6], read_noise=[1, 2, 3]), r"read_noise of shape \(3,\)"),
        (lambda: LevelTable.of([1e-6, 2e-6], read_noise="x"), "read_noise is no array"),
        (lambda: LevelTable.of([1e-6, 2e-6], cycle_to_cycle=-1.0), "cycle_to_cycle of level 0"),
        (lambda: LevelTable([1e-6, 2e-6], [0, 0], [0], [0, 0]), r"cycle_to_cycle has shape \(1,\)"),
        (lambda: LevelTable.uniform(0, 1, 1), "1 levels; a whole number"),
        (lambda: LevelTable.uniform(0, 1, 2.0), "2.0 levels; a whole number"),
        (lambda: LevelTable.uniform(1, 1, 4), "must rise"),
        (lambda: LevelTable.uniform(0, np.nan, 4), "must rise"),
        (lambda: LevelTable.uniform(0, 1, 4).thinned(5), "of which 4 lie near 5"),
        (lambda: LevelTable.uniform(0, 1, 4).thinned(True), "a whole number"),
    ],
)
def test_levels_that_are_none(make, words):
    with pytest.raises(TableError, match=words):
        make()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: LevelTable.of([100, 200, 300]), "0 to 1 S"),
        (lambda: LevelTable.uniform("1u", 1e-4, 4), "no array of numbers"),
        (lambda: LevelTable.uniform(1e-6, 1e-4, 10**9), "2 to 1048576"),
        (lambda: LevelTable.uniform(1e-6, 1e-4, 4).nearest("a"), "no array of numbers"),
        (lambda: LevelTable.from_pulses(LevelTable.uniform(1e-6, 1e-4, 4)), "ConductanceTable"),
    ],
)
def test_slips_of_unit_and_kind_are_refused(make, said):
    with pytest.raises(TableError, match=said):
        make()


def test_equal_tables_are_equal():
    assert LevelTable.uniform(1e-6, 1e-4, 4) == LevelTable.of(np.linspace(1e-6, 1e-4, 4))
    assert LevelTable.uniform(1e-6, 1e-4, 4) != LevelTable.uniform(1e-6, 1e-4, 5)
