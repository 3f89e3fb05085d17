"""The 8x8 handwritten digits of the UCI repository, as they travel inside the package."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from memcircuit.checks import require_kind
from memcircuit.errors import UsageError
from memcircuit.networks.layer import label_array, number_array

CITATION = (
    "E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, "
    "UCI Machine Learning Repository, 1998, doi:10.24432/C50P49, CC BY 4.0"
)

PIXELS = 64
CLASSES = 10
GREY_LEVELS = 16

# SHA-256 of the unpacked files as the repository publishes them: the training and the test set.
SHA256 = {
    "optdigits.tra.gz": "e1b683cc211604fe8fd8c4417e6a69f31380e0c61d4af22e93cc21e9257ffedd",
    "optdigits.tes.gz": "6ebb3d2fee246a4e99363262ddf8a00a3c41bee6014c373ed9d9216ba7f651b8",
}


@dataclass(frozen=True)
class Digits:
    """Handwritten digits and what they are.

    Attributes:
        images: (n, 64) dimensionless grey value 0..1 in 16 levels, row by row of the 8x8 image.
        labels: (n,) the digit, 0..9.
    """

    images: NDArray[np.float64]
    labels: NDArray[np.int64]

    def __post_init__(self) -> None:
        require_kind(self.images, np.ndarray, "images", f"an array (n, {PIXELS})")
        require_kind(self.labels, np.ndarray, "labels", "an array (n,) of whole numbers")
        if self.images.ndim != 2 or self.images.shape[1] != PIXELS:
            raise UsageError(f"images have shape {self.images.shape}; it must be (n, {PIXELS})")
        label_array(self.labels, len(self.images), CLASSES)
        if not np.isfinite(number_array(self.images, "images", np.float64)).all():
            raise UsageError("images contain NaN or infinity; every pixel must be a number")

    def __len__(self) -> int:
        return len(self.labels)


def load_digits(folder: str | Path | None = None) -> tuple[Digits, Digits]:
    """Load the UCI digits: 3823 training and 1797 test images; see `CITATION`.

    The repository counts black pixels in blocks of 4x4, so its values are 0..16, one more than
    four bits hold. The two darkest are merged: grey = min(count, 15) / 15.

    Args:
        folder: where ``optdigits.tra.gz`` and ``optdigits.tes.gz`` lie; the package's own by
            default.

    Returns:
        The training set and the test set, in the order of the files.

    Raises:
        UsageError: a file is missing, or is not the repository's file bit for bit.
    """
    place = (
        Path(folder) if folder is not None else files("memcircuit.networks") / "data" / "optdigits"
    )
    training, test = (_read(place / name, sha256) for name, sha256 in SHA256.items())
    return training, test


def _read(file: Traversable, sha256: str) -> Digits:
    mend = "install memcircuit again"
    try:
        text = gzip.decompress(file.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise UsageError(f"digits file {file} cannot be read ({error}); {mend}") from error
    found = hashlib.sha256(text).hexdigest()
    if found != sha256:
        raise UsageError(f"digits file {file} has SHA-256 {found}, not {sha256}; {mend}")
    rows = np.loadtxt(text.decode("ascii").splitlines(), delimiter=",", dtype=np.int64)
    grey = np.minimum(rows[:, :PIXELS], GREY_LEVELS - 1) / (GREY_LEVELS - 1)
    return Digits(images=grey, labels=rows[:, PIXELS])
