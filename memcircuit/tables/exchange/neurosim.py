"""NeuroSim's memory states: mean and deviation of every level of a cell.

Source: NeuroSim V1.5 (github.com/neurosim/NeuroSim, branch 2DInferenceV1.5-dev), file
``mem_states.csv``, given by ``inference.py --mem_states_file`` and read in ``init_cim`` of
``pytorch-quantization/pytorch_quantization/cim/modules/_utils.py``: a header with the columns
``mean`` and ``std`` (``states`` is not read), then one line per state, not one blank line more.
Conductances are in S and are not normalised. There must be 2**bitcell states in rising order: the
first is taken as off and the last as on.
"""

from __future__ import annotations

from pathlib import Path

from memcircuit.errors import TableError
from memcircuit.tables.exchange.text_file import joined, matrix, read_lines, write_texts
from memcircuit.tables.levels import LevelTable


def export_neurosim(table: LevelTable, path: Path) -> tuple[Path, ...]:
    """Write the levels as memory states.

    NeuroSim draws every cell once from a normal distribution: its deviation is that between
    devices and that between cycles together. Read noise is not in the file (NeuroSim takes it by
    ``--read_noise``).

    Raises:
        TableError: the number of levels is no power of two.
        UsageError: the file cannot be written.
    """
    count = len(table)
    if count & (count - 1):
        raise TableError(
            f"NeuroSim: {count} levels; a cell of n bits has 2**n: take "
            f"table.thinned({2 ** (count.bit_length() - 1)})"
        )
    deviation = table.written_deviation
    rows = zip(table.conductance, deviation, strict=True)
    lines = ["states,mean,std", *(f"{state},{joined(row)}" for state, row in enumerate(rows))]
    return write_texts({path: "\n".join(lines) + "\n"})


def import_neurosim(path: Path) -> LevelTable:
    """Return the levels of memory states, in rising order.

    NeuroSim draws once per cell, so that the whole deviation comes back as that between devices.

    Raises:
        TableError: the file cannot be read, or holds no such states.
    """
    header, *rows = read_lines(path, 3)
    names = header.cells(",")
    if "mean" not in names or "std" not in names:
        raise header.error(f"columns {names} lack 'mean' or 'std': states,mean,std")
    values = matrix(rows, ",", len(names))
    try:
        return LevelTable.of(
            values[:, names.index("mean")], device_to_device=values[:, names.index("std")]
        )
    except TableError as error:
        raise TableError(f"{path}: {error}") from error
