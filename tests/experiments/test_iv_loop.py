"""What every memristor's loop must show (Chua's fingerprints), and what is refused."""

import numpy as np
import pytest
from scipy.interpolate import KroghInterpolator

import memcircuit as mc
from memcircuit.errors import UsageError
from memcircuit.simulate import Options


def _area(loop):
    """Area inside the last cycle's loop, both lobes counted positive, V A."""
    period = 1 / loop.attrs["frequency"]
    last = loop.sel(time=slice((loop.attrs["cycles"] - 1) * period, None))
    v, i = last["voltage"].to_numpy(), last["current"].to_numpy()
    return sum(abs(np.trapezoid(i[side], v[side])) for side in (v > 0, v < 0))


@pytest.mark.parametrize(
    ("card", "amplitude", "frequency"),
    [("lin2022_hfo2", 1.8, 1e4), ("kvatinsky2015_vteam", 0.3, 5e7)],
)
def test_pinched(card, amplitude, frequency):
    loop = mc.iv_loop(mc.device(card), amplitude=amplitude, frequency=frequency)
    v, i = loop["voltage"].to_numpy(), loop["current"].to_numpy()
    crossings = np.flatnonzero(np.sign(v[1:-2]) != np.sign(v[2:-1])) + 1
    assert crossings.size >= 3
    # the current at exactly 0 V, by the cubic through the four points around it
    around = crossings[:, np.newaxis] + np.arange(-1, 3)
    at_zero = [KroghInterpolator(v[k], i[k])(0.0) for k in around]
    assert np.abs(at_zero).max() < 1e-9 * np.abs(i).max()


@pytest.mark.parametrize(
    ("card", "amplitude", "frequencies"),
    [("lin2022_hfo2", 1.8, (1e4, 1e5, 1e6)), ("kvatinsky2015_vteam", 0.3, (1e8, 1e9, 1e10))],
)
def test_area_falls_with_frequency(card, amplitude, frequencies):
    device = mc.device(card)
    areas = [
        _area(mc.iv_loop(device, amplitude=amplitude, frequency=f, initial_state=0.5))
        for f in frequencies
    ]
    assert areas[0] > areas[1] > areas[2] > 0


def test_dataset_keeps_what_was_asked():
    loop = mc.iv_loop(mc.device("lin2022_hfo2"), amplitude=1.0, frequency=1e3, cycles=1,
                      form="behavioural", options=Options(reltol=1e-4))  # fmt: skip
    assert loop.attrs["form"] == "behavioural"
    assert loop.attrs["frequency"] == 1e3
    assert "reltol=0.0001" in loop.attrs["options"]
    assert {loop[name].attrs["units"] for name in ("voltage", "current", "state")} == {
        "V", "A", "1",
    }  # fmt: skip
    assert loop["time"].attrs["units"] == "s"


def test_card_states_the_loop_or_the_user_does():
    assert mc.iv_loop(mc.device("lin2022_hfo2"), cycles=1).attrs["frequency"] == 4e3
    with pytest.raises(UsageError, match="states no loop: pass amplitude"):
        mc.iv_loop(mc.device_from_model("vteam"), frequency=1e6)


@pytest.mark.parametrize(
    "wrong",
    [{"amplitude": 0.0}, {"frequency": -1.0}, {"cycles": 0}, {"points_per_cycle": 10},
     {"initial_state": 1.5}, {"frequency": float("nan")}, {"amplitude": "1"}, {"cycles": 1.5},
     {"cycles": 10**7}],
)  # fmt: skip
def test_refused_before_the_simulator_starts(wrong):
    arguments = {"amplitude": 1.0, "frequency": 1e3, **wrong}
    with pytest.raises(UsageError, match=f"{next(iter(wrong))}|time points"):
        mc.iv_loop(mc.device("lin2022_hfo2"), **arguments)
