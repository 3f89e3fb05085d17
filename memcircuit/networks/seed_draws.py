"""Normal draws for many seeds at once, each seed's from its own generator."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# Draws fetched from a generator at a time: few calls, and still in the cache.
_BLOCK = 4096


class SeedDraws:
    """Standard normal draws, in any number per seed, without a loop over the seeds.

    Every generator fills a block of its own from which draws are taken in turn. What a seed is
    given depends on what it asked for alone, not on the seeds beside it.
    """

    def __init__(self, streams: Sequence[np.random.Generator], most: int) -> None:
        """Keep the generators.

        Args:
            streams: one generator per seed.
            most: the most draws that one seed asks for at a time.
        """
        self._streams = streams
        self._size = max(most, _BLOCK)
        self._block = np.empty((len(streams), self._size))
        self._first = np.arange(len(streams)) * self._size
        self._used = np.full(len(streams), self._size)

    def normal(self, counts: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return ``counts[0]`` draws of the first seed, then those of the second, and so on."""
        for seed in np.flatnonzero(self._used + counts > self._size):
            self._streams[int(seed)].standard_normal(out=self._block[seed])
            self._used[seed] = 0
        ends = np.cumsum(counts)
        # where each seed's draws begin, less how many of other seeds come before them
        offset = self._first + self._used - (ends - counts)
        self._used += counts
        places = np.repeat(offset, counts) + np.arange(ends[-1])
        return np.asarray(self._block.reshape(-1)[places])
