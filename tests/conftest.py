"""Fixtures for every test: a cache of its own for the run, seeds, devices."""

from __future__ import annotations

import signal

import numpy as np
import pytest

import memcircuit as mc


@pytest.fixture(scope="session", autouse=True)
def _signals():
    """Let the processes that tests start heed what this one ignores, as nohup or ``&`` makes it.

    A program that is started inherits what is ignored, and no handler.
    """
    ignored = [
        number
        for name in ("SIGHUP", "SIGINT")
        if signal.getsignal(number := getattr(signal, name, 0)) is signal.SIG_IGN
    ]
    for number in ignored:
        signal.signal(number, lambda *_: None)
    yield
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


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
