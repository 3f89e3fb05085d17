"""Conductance tables whose steps and spreads are known, for the tests of exchange formats."""

import numpy as np
import xarray as xr

import memcircuit as mc

LOW, HIGH = 5e-6, 205e-6


def soft_bounds(
    *, devices=1, cycles=1, ups=60, downs=60, gain_spread=0.0, cycle_spread=0.0, seed=20260611
):
    """Each pulse covers a share of the way to the bound: dG = (HIGH - G) a up, (LOW - G) b down.

    Shares differ by ``gain_spread`` between devices and by ``cycle_spread`` between cycles,
    relative and normal.
    """
    rng = np.random.default_rng(seed)
    gain = 1 + gain_spread * rng.standard_normal((devices, 1, 1))
    gain = gain * (1 + cycle_spread * rng.standard_normal((devices, cycles, 1)))
    up = HIGH - (HIGH - LOW) * np.exp(-gain * np.arange(ups + 1) / 20)
    down = LOW + (up[..., -1:] - LOW) * np.exp(-1.25 * gain * np.arange(downs + 1) / 20)
    conductance = np.concatenate([up, down[..., 1:]], axis=-1)
    energy = np.where(np.arange(ups + downs + 1) == 0, 0.0, 3.3e-12) * (
        1 + 0.1 * conductance / HIGH
    )
    dims = ("device", "cycle", "pulse")
    return mc.ConductanceTable.from_pulses(
        xr.Dataset(
            {"conductance": (dims, conductance), "energy": (dims, energy)},
            coords={"direction": ("pulse", np.repeat([0, 1, -1], [1, ups, downs]))},
            attrs={"device": "soft bounds", "temperature": np.float64(300.0), "seed": seed},
        )
    )


def mixture(response, places=slice(None)):
    """Mean and deviation of what a cell draws that is any of the devices: by the law of totals."""
    both = []
    for step, spread in (
        (response.set_step, response.set_spread),
        (response.reset_step, response.reset_spread),
    ):
        step, spread = step[places], spread[places]  # noqa: PLW2901
        mean = step.mean(axis=0)
        second = (step**2 + spread**2).mean(axis=0)
        both.append((mean, np.sqrt(np.maximum(second - mean**2, 0))))
    return both
