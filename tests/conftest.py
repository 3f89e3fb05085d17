"""Fixtures for every test: a cache of its own for the run, seeds, devices."""

from __future__ import annotations

import numpy as np
import pytest

import memcircuit as mc


@pytest.fixture(scope="session", autouse=True)
def _cache(tmp_path_factory):
    """Compile every model anew once per run, away from the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEMCIRCUIT_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def rng():
    return np.random.default_rng(20260101)


@pytest.fixture(params=["lin2022_hfo2", "kvatinsky2015_vteam"])
def card_device(request):
    """Each of the published devices."""
    return mc.device(request.param)
