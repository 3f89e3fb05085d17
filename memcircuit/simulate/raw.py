"""Reading of the binary result files ("raw files") of ngspice."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from memcircuit.errors import UsageError


@dataclass(frozen=True)
class RawPlot:
    """One plot of a raw file: the vectors of one analysis.

    Attributes:
        title: first line of the netlist.
        plotname: kind of analysis, such as ``Transient Analysis``.
        flags: such as ``("real",)`` or ``("complex",)``.
        names: vector names in lower case, the axis (time, frequency, sweep) first.
        types: quantity of each vector: ``voltage``, ``current``, ``time``, ``frequency``, ...
        data: (points, vectors) float64 or complex128, the whole points that are in the file.
        declared_points: number of points the header promises.
        truncated: the file holds fewer points than its header promises.
    """

    title: str
    plotname: str
    flags: tuple[str, ...]
    names: tuple[str, ...]
    types: tuple[str, ...]
    data: NDArray[np.float64] | NDArray[np.complex128]
    declared_points: int
    truncated: bool


def read_raw(path: Path) -> list[RawPlot]:
    """Read every plot of a binary raw file, real or complex.

    A last plot cut short (full disk, killed simulator) is returned with the whole points it has
    and ``truncated`` set.

    Args:
        path: the raw file.

    Returns:
        The plots in the order of the file.

    Raises:
        UsageError: the file cannot be read, or is not a binary raw file.
    """
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            plots = []
            while file.tell() < size:
                plots.append(_read_plot(file, size, path))
            return plots
    except OSError as error:
        raise UsageError(f"the raw file {path} cannot be read: {error.strerror}") from error


def _read_plot(file: BinaryIO, size: int, path: Path) -> RawPlot:
    header: dict[str, str] = {}
    names: list[str] = []
    types: list[str] = []
    while True:
        line = file.readline().decode("utf-8", errors="replace")
        key, colon, value = line.partition(":")
        if not colon:
            raise UsageError(
                f"{path} is not a binary raw file of ngspice: {line[:60]!r} in its header"
            )
        key = key.strip().lower()
        if key == "binary":
            break
        if key == "values":
            raise UsageError(f"{path} is an ASCII raw file; write it with `set filetype=binary`")
        if key == "variables":
            names, types = _read_variables(file, _number(header, "no. variables", path), path)
        else:
            header[key] = value.strip()
    flags = tuple(header.get("flags", "real").lower().split())
    if "unpadded" in flags:
        raise UsageError(f"{path}: vectors of different length (unpadded) cannot be read")
    points = _number(header, "no. points", path)
    dtype = np.dtype(np.complex128 if "complex" in flags else np.float64)
    width = len(names) * dtype.itemsize
    if width == 0:
        raise UsageError(f"{path}: a plot without variables")
    here = min(points, (size - file.tell()) // width)
    data = _read_points(file, dtype, here, len(names))
    if here < points:
        file.seek(size)
    return RawPlot(
        title=header.get("title", ""),
        plotname=header.get("plotname", ""),
        flags=flags,
        names=tuple(names),
        types=tuple(types),
        data=data,
        declared_points=points,
        truncated=here < points,
    )


def _read_points(file: BinaryIO, dtype: np.dtype[Any], points: int, vectors: int) -> NDArray[Any]:
    return np.fromfile(file, dtype=dtype, count=points * vectors).reshape(points, vectors)


def _read_variables(file: BinaryIO, count: int, path: Path) -> tuple[list[str], list[str]]:
    names, types = [], []
    for _ in range(count):
        fields = file.readline().decode("utf-8", errors="replace").split()
        if len(fields) < 3:
            raise UsageError(f"{path}: the list of variables in its header is cut short")
        names.append(fields[1].lower())
        types.append(fields[2].lower())
    return names, types


def _number(header: dict[str, str], key: str, path: Path) -> int:
    try:
        number = int(header[key])
    except (KeyError, ValueError):
        number = -1
    if number < 0:
        raise UsageError(f"{path}: its header does not say {key!r} before it is needed")
    return number
