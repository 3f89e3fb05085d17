"""Letters of EMNIST in numpy's own format, where the official split is not to be had."""

from __future__ import annotations

import os
import zipfile
import zlib
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from memcircuit.errors import UsageError
from memcircuit.networks.datasets.catalogue import EMNIST_LETTERS
from memcircuit.networks.datasets.images import LabelledImages
from memcircuit.networks.datasets.published import DATA_VARIABLE

Selection = Literal["balanced", "pool"]

# Longest content, unpacked, of all arrays of a file: ten times what the larger one has.
_LONGEST = 1 << 30


def load_letters_subset(
    folder: str | Path | None = None, selection: Selection = "balanced"
) -> tuple[LabelledImages, LabelledImages]:
    """Load letters of EMNIST from ``emnist_letters_balanced.npz`` or ``emnist_letters_pool.npz``.

    This is NOT the official letters split of 124,800 and 20,800 images (`load_emnist_letters`):
    an accuracy on it does not compare with published ones, and must say so.

    Args:
        folder: where the file lies, directly or in ``emnist_letters``; ``MEMCIRCUIT_DATA`` when
            None.
        selection: "balanced" has ``x_train``, ``y_train``, ``x_test``, ``y_test``, as many images
            of every letter; "pool" has ``images``, ``labels``, ``is_test``, classes unbalanced.

    Returns:
        The training set and the test set; upright, class 0 is a and A, 25 is z and Z.

    Raises:
        UsageError: no such file or selection, or a file of other arrays.
    """
    if selection not in get_args(Selection):
        raise UsageError(f"selection is {selection!r}; choose 'balanced' or 'pool'")
    path = _locate(folder, f"emnist_letters_{selection}.npz")
    if selection == "balanced":
        arrays = _arrays(path, ("x_train", "y_train", "x_test", "y_test"))
        parts = [(arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"])]
    else:
        arrays = _arrays(path, ("images", "labels", "is_test"))
        aside = arrays["is_test"]
        if aside.dtype != np.bool_ or aside.shape != arrays["labels"].shape:
            raise UsageError(f"is_test of {path} must be one bool for each of its labels")
        parts = [(arrays["images"][kind], arrays["labels"][kind]) for kind in (~aside, aside)]
    try:
        training, test = (
            LabelledImages(images, labels.astype(np.int64), EMNIST_LETTERS.classes)
            for images, labels in parts
        )
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from error
    return training, test


def _locate(folder: str | Path | None, name: str) -> Path:
    base = os.environ.get(DATA_VARIABLE) if folder is None else folder
    if not base:
        raise UsageError(f"{name}: name the folder that holds it, or set {DATA_VARIABLE}")
    places = [Path(base).expanduser() / inner / name for inner in (EMNIST_LETTERS.folder, ".")]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise UsageError(f"{base} holds no {name}, neither directly nor in {EMNIST_LETTERS.folder}")
    return found


def _arrays(path: Path, names: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    try:
        with zipfile.ZipFile(path) as archive:
            length = sum(info.file_size for info in archive.infolist())
        if length > _LONGEST:
            raise UsageError(f"{path} holds {length} bytes, unpacked; at most {_LONGEST}")
        with np.load(path, allow_pickle=False) as file:
            missing = [name for name in names if name not in file]
            if missing:
                raise UsageError(f"{path} lacks {', '.join(missing)}; it has {', '.join(file)}")
            return {name: file[name] for name in names}
    except (OSError, ValueError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise UsageError(f"cannot read {path}: {error}") from error
