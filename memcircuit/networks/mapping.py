"""How weights become conductances: the rules, checked; `encoding.py` carries them out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from memcircuit.checks import require_count, require_flag, require_number
from memcircuit.errors import UsageError

Encoding = Literal["pair", "offset", "bridge"]
_MOST_BITS = 24


@dataclass(frozen=True)
class Mapping:
    """Which cells make a weight, and what conductance each is sent to.

    A weight w of a matrix whose largest is s is stored as v = w / s, from -1 to 1, between the
    lowest conductance L and the highest H of the cells:

    * ``pair`` (2M, 2 x 1T1R): w is proportional to G+ - G-. One of the two is raised by
      |v| (H - L) above L, or, if ``balanced``, both leave the middle by half of that.
    * ``offset``: one cell at the middle plus v (H - L)/2, less a column of cells at the middle,
      of which every array has one. Where cells are quantised the middle is the level nearest to
      it, and weights reach as far on both sides as on the shorter one.
    * ``bridge`` (4M): w is proportional to M2/(M1 + M2) - M4/(M3 + M4), memristances; the cells
      of each arm always sum to L + H.

    Attributes:
        encoding: what makes a weight.
        balanced: of pairs, see above.
        cells: number of cells in parallel that share each part of a weight.
        bits: bits of each slice: weights are rounded to so many; None leaves them as they are.
        slices: digits of base 2^bits, each with pairs and columns of its own, the most
            significant first; their results are added digitally.
        scaling: whether s is the largest weight of the whole ``layer``'s matrix, or of each
            ``column``, whose result is then scaled digitally.
        clip: dimensionless 0..1: s is this quantile of the absolute weights instead of the
            largest, and weights beyond it are cut; 1 cuts none.
        bias: added digitally, or stored in one more ``row`` that is driven with an input of 1.
        layout: whether the parts of a weight lie side by side in one array (``interleaved``), or
            each polarity in an array of its own (``separate``).
    """

    encoding: Encoding = "pair"
    balanced: bool = False
    cells: int = 1
    bits: int | None = None
    slices: int = 1
    scaling: Literal["layer", "column"] = "layer"
    clip: float = 1.0
    bias: Literal["digital", "row"] = "digital"
    layout: Literal["interleaved", "separate"] = "interleaved"

    def __post_init__(self) -> None:
        choices = {
            "encoding": ("pair", "offset", "bridge"),
            "scaling": ("layer", "column"),
            "bias": ("digital", "row"),
            "layout": ("interleaved", "separate"),
        }
        for name, allowed in choices.items():
            if getattr(self, name) not in allowed:
                raise UsageError(
                    f"mapping: {name} is {getattr(self, name)!r}; choose {' or '.join(allowed)}"
                )
        for name, most in (("cells", 1024), ("slices", _MOST_BITS), ("bits", _MOST_BITS)):
            value = getattr(self, name)
            if name != "bits" or value is not None:
                require_count(value, f"mapping: {name}", most=most)
        require_number(self.clip, "mapping: clip", most=1.0, above=True)
        require_flag(self.balanced, "mapping: balanced")
        self._check_together()

    def _check_together(self) -> None:
        if self.slices > 1 and (self.encoding != "pair" or self.balanced or self.bits is None):
            raise UsageError(
                f"mapping: {self.slices} slices need encoding 'pair', not balanced, and bits"
            )
        if self.bits is not None and self.bits * self.slices > _MOST_BITS:
            raise UsageError(
                f"mapping: {self.slices} slices of {self.bits} bits; at most {_MOST_BITS} bits"
            )
        if self.balanced and self.encoding != "pair":
            raise UsageError(f"mapping: encoding {self.encoding!r} cannot be balanced; pairs can")
        if self.encoding == "bridge" and self.cells > 1:
            raise UsageError(f"mapping: a bridge has one cell in each place, not {self.cells}")
        if self.layout == "separate" and self.encoding != "pair":
            raise UsageError(f"mapping: layout 'separate' is of pairs, not of {self.encoding!r}")

    @property
    def width(self) -> tuple[int, int]:
        """Physical columns that one weight takes in an array, and those of an array beside them."""
        if self.encoding == "bridge":
            return 4, 0
        if self.encoding == "offset":
            return self.cells, self.cells
        return (1 if self.layout == "separate" else 2) * self.cells, 0

    @property
    def levels(self) -> int:
        """Levels that a cell must offer for the bits of a slice; 2 where weights are not rounded.

        A pair of cells makes the sign, so its cells need one level for each magnitude.
        """
        if self.bits is None:
            return 2
        steps: int = 2**self.bits - 1
        return steps + 1 if self.encoding == "pair" and not self.balanced else 2 * steps + 1

    @property
    def steps(self) -> int | None:
        """Magnitudes above zero that the bits of all slices make, or None."""
        return None if self.bits is None else 2 ** (self.bits * self.slices) - 1
