"""What commands print and write."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Entries of a list that are printed for people.
_MOST_SHOWN = 8


def show(facts: Mapping[str, Any], *, as_json: bool) -> None:
    """Print facts: one JSON document, or a line each for people, files last.

    Args:
        facts: values by name; ``(value, unit)`` of quantities, SI; ``files`` lists what was
            written. In JSON a quantity is an object of ``value`` and ``unit``.
        as_json: for programs.
    """
    if as_json:
        plain = {name: _plain(value) for name, value in facts.items()}
        typer.echo(json.dumps(plain, indent=2, ensure_ascii=False, allow_nan=False))
        return
    for name, value in facts.items():
        if _is_table(value):
            typer.echo(f"{name.replace('_', ' ')}:")
            for row in value:
                typer.echo(f"  {_text(row)}")
        elif name != "files":
            typer.echo(f"{name.replace('_', ' ')}: {_text(value)}")
    for path in facts.get("files", ()):
        typer.echo(path)


def write_dataset(
    out: Path, name: str, dataset: xr.Dataset, axes: Axes | None = None
) -> list[Path]:
    """Write a dataset and its figure, both whole or neither, and return the files."""
    from memcircuit.files import make_directory, whole_file

    make_directory(out)
    files = [out / f"{name}.nc"] + ([] if axes is None else [out / f"{name}.png"])
    # one within the other, so that an error names the file that it is of
    with whole_file(files[0]) as data:
        dataset.to_netcdf(data, engine="scipy")
        if axes is not None:
            with whole_file(files[1]) as figure:
                _figure(axes).savefig(figure, dpi=150)
    return files


def _figure(axes: Axes) -> Figure:
    from matplotlib.figure import Figure

    figure = axes.get_figure(root=True)
    if not isinstance(figure, Figure):
        raise TypeError(f"{axes} are in no figure")
    return figure


def _is_table(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)


def _is_quantity(value: object) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], str)


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: nan and infinity as null."""
    if _is_quantity(value):
        return {"value": _plain(value[0]), "unit": value[1]}
    if isinstance(value, Mapping):
        return {str(name): _plain(own) for name, own in value.items()}
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(one) for one in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, bool | int | str | None) else str(value)


def _text(value: Any) -> str:
    if _is_quantity(value):
        return _quantity(value[0], value[1])
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_text(own)}" for name, own in value.items())
    if hasattr(value, "tolist"):
        return _text(value.tolist())
    if isinstance(value, Sequence) and not isinstance(value, str):
        shown = [_text(one) for one in value[:_MOST_SHOWN]]
        return ", ".join(shown + ["..."] * (len(value) > _MOST_SHOWN)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _quantity(value: Any, unit: str) -> str:
    """Return a quantity, or a list of them, with a prefix."""
    from quantiphy import Quantity

    listed = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(listed, Sequence):
        shown = [_quantity(one, unit) for one in listed[:_MOST_SHOWN]]
        return ", ".join(shown + ["..."] * (len(listed) > _MOST_SHOWN))
    return f"{listed:.4g}" if unit == "1" else Quantity(listed, unit).render(prec=4)
