"""Data sets published as IDX files: where they are looked for, and how they are fetched."""

from __future__ import annotations

import hashlib
import os
import zipfile
import zlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from memcircuit.errors import UsageError
from memcircuit.files import whole_file
from memcircuit.networks.datasets.download import TIMEOUT, download
from memcircuit.networks.datasets.idx import idx_array, idx_length, unpacked
from memcircuit.networks.datasets.images import LabelledImages
from memcircuit.simulate.locate import cache_directory

DATA_VARIABLE = "MEMCIRCUIT_DATA"


@dataclass(frozen=True)
class Archive:
    """One file as its publisher offers it.

    Attributes:
        name: its name at every address.
        size: bytes.
        sha256: checksum of the file as it is fetched.
    """

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class IdxFile:
    """One IDX file of a data set.

    Attributes:
        name: without the ``.gz``.
        shape: of its axes, as published.
        md5: checksum of the unpacked file, None where nobody published it. The packed file has
            many forms, depending on who packed it; the unpacked one has one.
    """

    name: str
    shape: tuple[int, ...]
    md5: str | None = None


@dataclass(frozen=True)
class IdxDataset:
    """A data set of four IDX files.

    Attributes:
        name: what people call it.
        folder: name of its own folder.
        training: images, then labels.
        test: the same.
        addresses: where the archives are; each is tried in turn. Each ends with ``/``.
        archives: what is fetched: the IDX files packed one by one, or one zip of them all.
        classes: number of classes.
        first_label: the lowest label in the files.
        transposed: the files hold images column by column.
    """

    name: str
    folder: str
    training: tuple[IdxFile, IdxFile]
    test: tuple[IdxFile, IdxFile]
    addresses: tuple[str, ...]
    archives: tuple[Archive, ...]
    classes: int = 10
    first_label: int = 0
    transposed: bool = False


def load_dataset(
    dataset: IdxDataset, folder: str | Path | None = None, timeout: float = TIMEOUT
) -> tuple[LabelledImages, LabelledImages]:
    """Load a data set's training and test images, in the order of the files.

    Without a folder the files are looked for in ``MEMCIRCUIT_DATA``, then in the cache
    (``MEMCIRCUIT_CACHE``), and then fetched into the cache. In each of these they may lie in the
    data set's own folder or directly, packed by gzip or not, or in the published zip.

    Args:
        dataset: which.
        folder: where its files lie; nothing else is looked at then.
        timeout: s that a server may stay silent.

    Returns:
        The training set and the test set.

    Raises:
        UsageError: files are missing and cannot be fetched, or are not those published.
    """
    place = _given(dataset, folder) if folder is not None else _found_or_fetched(dataset, timeout)
    training, test = (
        _labelled(dataset, _values(dataset, place, images), _values(dataset, place, labels))
        for images, labels in (dataset.training, dataset.test)
    )
    return training, test


def _given(dataset: IdxDataset, folder: str | Path) -> Path:
    place = _holder(dataset, Path(folder))
    if place is None:
        names = ", ".join(f"{file.name}.gz" for file in _files(dataset))
        raise UsageError(f"{folder} does not hold {dataset.name}: needs {names}. {_help(dataset)}")
    return place


def _found_or_fetched(dataset: IdxDataset, timeout: float) -> Path:
    own = os.environ.get(DATA_VARIABLE)
    cache = cache_directory() / "datasets"
    for base in (Path(own).expanduser() if own else None, cache):
        if base is not None and (place := _holder(dataset, base)):
            return place
    target = cache / dataset.folder
    _fetch(dataset, target, timeout)
    return target


def _files(dataset: IdxDataset) -> tuple[IdxFile, ...]:
    return (*dataset.training, *dataset.test)


def _holder(dataset: IdxDataset, base: Path) -> Path | None:
    """Return which folder holds all files: the data set's own in ``base``, ``base``, or none."""
    for place in (base / dataset.folder, base):
        if all(_path(dataset, place, file) for file in _files(dataset)):
            return place
    return None


def _path(dataset: IdxDataset, place: Path, file: IdxFile) -> Path | None:
    """Return the file that holds an IDX file: itself, packed or not, or the published zip."""
    zips = [archive.name for archive in dataset.archives if archive.name.endswith(".zip")]
    names = [f"{file.name}.gz", file.name, *zips]
    return next((place / name for name in names if (place / name).is_file()), None)


def _values(dataset: IdxDataset, place: Path, file: IdxFile) -> NDArray[np.uint8]:
    path = _path(dataset, place, file)
    if path is None:
        raise UsageError(f"{place} lost {file.name} of {dataset.name} while it was read")
    name = str(path) if path.suffix != ".zip" else f"{file.name} in {path}"
    try:
        if path.suffix == ".zip":
            content = unpacked(BytesIO(_member(path, file)), idx_length(file.shape), name)
        else:
            with path.open("rb") as stream:
                content = unpacked(stream, idx_length(file.shape), name)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from error
    values = idx_array(content, name)
    found = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if values.shape != file.shape or found != (file.md5 or found):
        raise UsageError(
            f"{name} is not the file of {dataset.name}: axes of {values.shape}, MD5 {found} "
            f"unpacked; published are {file.shape}, {file.md5 or 'no MD5'}. {_help(dataset)}"
        )
    return values


def _labelled(
    dataset: IdxDataset, images: NDArray[np.uint8], labels: NDArray[np.uint8]
) -> LabelledImages:
    upright = images.swapaxes(1, 2).copy() if dataset.transposed else images
    return LabelledImages(upright, labels.astype(np.int64) - dataset.first_label, dataset.classes)


def _fetch(dataset: IdxDataset, target: Path, timeout: float) -> None:
    for archive in dataset.archives:
        path = target / archive.name
        if not path.is_file():
            _fetch_one(dataset, archive, path, timeout)
        if path.suffix == ".zip":
            # the zip holds ten times what is needed
            for file in _files(dataset):
                with whole_file(target / f"{file.name}.gz") as fresh:
                    fresh.write_bytes(_member(path, file))
            path.unlink(missing_ok=True)


def _fetch_one(dataset: IdxDataset, archive: Archive, path: Path, timeout: float) -> None:
    failures = []
    for address in dataset.addresses:
        try:
            download(
                address + archive.name, path,
                size=archive.size, sha256=archive.sha256, timeout=timeout,
            )  # fmt: skip
        except UsageError as error:
            failures.append(str(error))
        else:
            return
    raise UsageError(f"{dataset.name}: {'; '.join(failures)}. {_help(dataset, path.parent)}")


def _member(path: Path, file: IdxFile) -> bytes:
    """Return the packed IDX file out of a zip, whichever folder of the zip it lies in."""
    wanted = f"{file.name}.gz"
    try:
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if info.filename.rpartition("/")[2] == wanted:
                    # gzip never makes a file much longer than its content and a name
                    if info.file_size > 2 * idx_length(file.shape) + 1024:
                        raise UsageError(f"{wanted} in {path} has {info.file_size} bytes; too long")
                    return archive.read(info)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError) as error:
        raise UsageError(f"{path} is broken ({error}); get it again") from error
    raise UsageError(f"{path} holds no {wanted}; it is another file")


def _help(dataset: IdxDataset, target: Path | None = None) -> str:
    links = " ".join(dataset.addresses[0] + archive.name for archive in dataset.archives)
    place = f"{target}, or into " if target else ""
    return (
        f"Get {links} by other means into {place}{dataset.folder}/ in a folder that "
        f"{DATA_VARIABLE} names"
    )
