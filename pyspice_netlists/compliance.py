"""Drivers with a compliance current, as source measure units have it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from pyspice_netlists.benches import Bench
from pyspice_netlists.elements import text
from pyspice_netlists.errors import NetlistError
from pyspice_netlists.transistor_law import THERMAL_VOLTAGE

# Emission coefficient of the limiter. The smaller, the less voltage it takes from the cell (at
# half the compliance current 0.36 mV here) and the sharper the corner that Newton's method turns.
_EMISSION = 0.02
# Saturation current of its diode, as a share of the compliance current. A reverse diode whose
# saturation current is the compliance current would follow the same law all alone; but ngspice's
# limiting of junction voltages needs less than n V_T / sqrt(2) in SI units, 0.4 mA here, and above
# it one SET sweep in three of a filament that jumps found no solution.
_SATURATION = 1e-6
# V, at which the diode carries the compliance current.
_OFFSET = _EMISSION * THERMAL_VOLTAGE * math.log1p(1 / _SATURATION)


def limit_drivers(
    bench: Bench, compliances: Sequence[float], polarity: Literal[1, -1] = 1
) -> tuple[Bench, tuple[str, ...]]:
    """Return a bench whose drivers give at most a compliance current in one polarity.

    A current source feeds the compliance current into each cell, and a diode takes what the cell
    does not draw to the driver; a voltage source in series with the diode cancels its forward
    voltage: I = I_cc (1 - exp(-(v_driver - v_cell) / (n V_T))). Far below the compliance current
    that is a short, at the compliance current a current source, and in the other polarity a short
    again. The diode is held at its nominal temperature: instruments are not on a hot chip.

    Args:
        bench: of ``cell_bench`` with one source per cell at the first driven terminal.
        compliances: (cells,) A, above zero; infinite for a driver that is not limited.
        polarity: sign of the limited current into the cells.

    Returns:
        the bench, whose first port's voltages are those at the cells, and per cell the vector of
        the driver's own voltage.

    Raises:
        NetlistError: as many compliance currents as cells are not given, one that is not above
            zero, or cells that share a driver.
    """
    port = bench.ports[0]
    cells = len(port.currents)
    if len(compliances) != cells:
        raise NetlistError(f"{len(compliances)} compliance currents for {cells} cells")
    if len(port.voltages) != cells:
        raise NetlistError(
            f"{port.terminal}: one source for all {cells} cells; a compliance needs one for each"
        )
    lines, vectors = bench.circuit, []
    for cell, (given, voltage) in enumerate(zip(compliances, port.voltages, strict=True)):
        if not given > 0:
            raise NetlistError(f"compliance {given!r} A of cell {cell}: a current above zero")
        if math.isinf(given):
            vectors.append(voltage)
            continue
        node = voltage.removeprefix("v(").removesuffix(")")
        sweep = f"sweep{cell}"
        vectors.append(f"v({sweep})")
        driver, bias = f"Vdriver_cell{cell} ", f"bias{cell}"
        into, diode, offset = ("0", node), (node, bias), (sweep, bias)
        if polarity < 0:
            into, diode, offset = into[::-1], diode[::-1], offset[::-1]
        limiter = [
            f"Ilimiter{cell} {' '.join(into)} {text(given)}",
            f"Dlimiter{cell} {' '.join(diode)} limiter{cell} temp=27",
            f"Vlimiter{cell} {' '.join(offset)} {text(_OFFSET)}",
            f".model limiter{cell} D(is={text(_SATURATION * given)} n={_EMISSION} tnom=27)",
            f"{driver}{sweep} 0 ",
        ]
        before, found, after = lines.partition(f"{driver}{node} 0 ")
        if not found:
            raise NetlistError(f"no source {driver.strip()} at {node} to limit")
        lines = before + "\n".join(limiter) + after
    return replace(bench, circuit=lines), tuple(vectors)
