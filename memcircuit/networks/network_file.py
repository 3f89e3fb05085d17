"""Networks as portable files: an npz archive of the weights and a description of the layers."""

from __future__ import annotations

import io
import json
import math
import zipfile
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memcircuit.errors import UsageError
from memcircuit.files import whole_file
from memcircuit.networks.convolution import Conv2d
from memcircuit.networks.dense import Activation, Dense, Flatten
from memcircuit.networks.layer import Layer
from memcircuit.networks.network import Network
from memcircuit.networks.pooling import AveragePool2d, MaxPool2d
from memcircuit.networks.recurrent import LSTM, Elman

FORMAT = "memcircuit network"
VERSION = 1
LAYERS: dict[str, type[Layer]] = {
    layer.__name__: layer
    for layer in (
        Activation,
        AveragePool2d,
        Conv2d,
        Dense,
        Elman,
        Flatten,
        LSTM,
        MaxPool2d,
    )
}

_DESCRIPTION = "network"
# Far above any description, far below any memory.
_LONGEST_DESCRIPTION = 2**20
_NUMBERS = np.dtype("<f8")


def save_network(network: Network, path: str | Path) -> Path:
    """Write a network to one file, which numpy's ``load`` opens too.

    The archive holds every weight array as float64 under "<layer>.<name>", and under "network" the
    description as UTF-8 JSON in an array of bytes: format, version, input_shape, and for each
    layer its type and its arguments, arrays by name and shape.

    Args:
        network: of the layers that `memcircuit.networks.network_file.LAYERS` names.
        path: the file, by custom with the ending .npz.

    Returns:
        The path.

    Raises:
        UsageError: no network or no path, a layer of another class, or the file cannot be written.
    """
    if not isinstance(network, Network):
        raise UsageError(
            f"network is a {type(network).__name__}; give a Network first (of a ProgrammedNetwork "
            "its .network), then the path"
        )
    target = _file(path)
    arrays: dict[str, NDArray[Any]] = {}
    layers = []
    for index, layer in enumerate(network.layers):
        kind = type(layer).__name__
        if LAYERS.get(kind) is not type(layer):
            raise UsageError(
                f"layer {index} is a {kind}, which files cannot hold; these they can: "
                f"{', '.join(LAYERS)}"
            )
        words: dict[str, Any] = {"type": kind}
        for field in fields(layer):  # type: ignore[arg-type]  # every one of LAYERS is a dataclass
            value = getattr(layer, field.name)
            if isinstance(value, np.ndarray):
                name = f"{index}.{field.name}"
                arrays[name] = value.astype(_NUMBERS)
                value = {"array": name, "shape": value.shape}
            words[field.name] = value
        layers.append(words)
    description = {
        "format": FORMAT,
        "version": VERSION,
        "input_shape": network.input_shape,
        "layers": layers,
    }
    arrays[_DESCRIPTION] = np.frombuffer(json.dumps(description).encode(), dtype=np.uint8)
    with whole_file(target) as fresh, fresh.open("wb") as file:
        # not compressed: weights hardly shrink, and a reader can trust the size of the file
        np.savez(file, allow_pickle=False, **arrays)
    return target


def load_network(path: str | Path) -> Network:
    """Read a network that `save_network` wrote; nothing in the file is run.

    Raises:
        UsageError: no path, not such a file, one of a later version, or one whose parts do not fit.
    """
    path = _file(path)
    try:
        with zipfile.ZipFile(path) as archive:
            return _read(archive)
    except (OSError, EOFError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise UsageError(f"network file {path} cannot be read: {error}") from error
    except UsageError as error:
        raise UsageError(f"network file {path}: {error}") from error


def _file(path: str | Path) -> Path:
    if not isinstance(path, str | Path) or "\0" in str(path):
        raise UsageError(f"path is {path!r:.60}; give the path of a file, as 'network.npz'")
    return Path(path)


def _read(archive: zipfile.ZipFile) -> Network:
    members = {member.filename: member for member in archive.infolist()}
    for member in members.values():
        if member.compress_type != zipfile.ZIP_STORED:
            raise UsageError(f"{member.filename} is compressed; network files are not")
    place = f"{_DESCRIPTION}.npy"
    if place not in members or members[place].file_size > _LONGEST_DESCRIPTION:
        raise UsageError(
            f"it has no {place} of at most {_LONGEST_DESCRIPTION} bytes; it is no network file"
        )
    text = _member(archive, _DESCRIPTION, np.dtype(np.uint8)).tobytes()
    try:
        description = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"its description is not JSON ({error})") from error
    if not isinstance(description, dict) or description.get("format") != FORMAT:
        raise UsageError("its description is not that of a network")
    if description.get("version") != VERSION:
        raise UsageError(
            f"it has version {description.get('version')!r}; this memcircuit reads {VERSION}"
        )
    layers, shape = description.get("layers"), description.get("input_shape")
    if not isinstance(layers, list) or not isinstance(shape, list):
        raise UsageError("its description has no lists layers and input_shape")
    unused = {name.removesuffix(".npy") for name in members} - {_DESCRIPTION}
    built = []
    for index, words in enumerate(layers):
        built.append(_layer(archive, words, index, unused))
    if unused:
        raise UsageError(f"array {min(unused)!r} belongs to none of its layers")
    return Network(tuple(shape), tuple(built))


def _layer(archive: zipfile.ZipFile, words: Any, index: int, unused: set[str]) -> Layer:
    words = dict(words) if isinstance(words, Mapping) else {}
    kind = words.pop("type", None)
    layer = LAYERS.get(kind) if isinstance(kind, str) else None
    if layer is None:
        raise UsageError(f"layer {index} is a {kind!r}; known are {', '.join(LAYERS)}")
    wanted = {field.name for field in fields(layer)}  # type: ignore[arg-type]  # as above
    if set(words) != wanted:
        raise UsageError(
            f"layer {index}, a {kind}, is described by {sorted(words)}; it must be by "
            f"{sorted(wanted)}"
        )
    for key, value in words.items():
        if isinstance(value, Mapping):
            name = str(value.get("array"))
            unused.discard(name)
            found = _member(archive, name, _NUMBERS)
            if list(found.shape) != value.get("shape"):
                raise UsageError(
                    f"array {name!r} has shape {found.shape}; its description says "
                    f"{value.get('shape')}"
                )
            words[key] = found
    try:
        return layer(**words)
    except UsageError as error:
        raise UsageError(f"layer {index}: {error}") from error


def _member(archive: zipfile.ZipFile, name: str, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return one array, whose header must say what the member holds."""
    try:
        file = io.BytesIO(archive.read(f"{name}.npy"))
        np.lib.format.read_magic(file)
        shape, fortran, found = np.lib.format.read_array_header_1_0(file)
    except KeyError:
        raise UsageError(f"array {name!r} is missing") from None
    except ValueError as error:
        raise UsageError(f"array {name!r} is not a numpy array ({error})") from error
    content = file.read()
    sized = min(shape, default=0) >= 0 and len(content) == math.prod(shape) * dtype.itemsize
    if found != dtype or not sized:
        raise UsageError(
            f"array {name!r} of {found} and shape {shape} has {len(content)} bytes; it must have "
            f"all its numbers, and of {dtype}"
        )
    return np.frombuffer(content, dtype).reshape(shape, order="F" if fortran else "C")
