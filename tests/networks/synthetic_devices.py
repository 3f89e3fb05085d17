"""Synthetic devices with known response, for the tests of networks and their figures."""

import numpy as np

from memcircuit.tables.response import PulseResponse

LOWEST, HIGHEST = 1e-6, 350e-6


def linear(step: float, *, devices: int = 1, points: int = 33) -> PulseResponse:
    """Every pulse moves by ``step``, in S, whatever the conductance; no spread."""
    grid = np.linspace(LOWEST, HIGHEST, points)
    up = np.full((devices, points), step)
    none = np.zeros_like(up)
    return PulseResponse(grid, up, -up, none, none)


def saturating(*, devices: int = 10, points: int = 64, noise: float = 0.03) -> PulseResponse:
    """About 80 pulses each way, slower towards either end; 10 % between devices."""
    rng = np.random.default_rng(20221075)
    grid = np.linspace(LOWEST, HIGHEST, points)
    state = np.linspace(0.0, 1.0, points)
    span = HIGHEST - LOWEST
    up = (1 - state**2) * span / 35 * (1 + 0.1 * rng.standard_normal((devices, 1)))
    down = -state * span / 18 * (1 + 0.1 * rng.standard_normal((devices, 1)))
    return PulseResponse(grid, up, down, noise * up, -noise * down)
