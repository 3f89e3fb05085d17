"""Published figures of converters, wires and cells, from which costs are estimated."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Literal, get_args

from memcircuit.checks import require_count, require_number
from memcircuit.errors import UsageError

# m; a wider one is a slip of the unit.
_WIDEST = 1e-3
CellKind = Literal["1M", "1T1R"]


@dataclass(frozen=True)
class CitedFigure:
    """A number with where it comes from.

    Attributes:
        value: in ``unit``.
        unit: SI.
        source: publication with DOI, or whoever gave it.
    """

    value: float
    unit: str
    source: str

    def __post_init__(self) -> None:
        require_number(self.value, f"figure: value, {self.unit},")
        if not self.unit or not self.source:
            raise UsageError(f"figure: {self.value:g} needs a unit and a source")


_HARPE = "P. Harpe et al., IEEE J. Solid-State Circuits 46, 1585 (2011), 10.1109/JSSC.2011.2143870"
_WALDEN = "doubled with every bit: R. H. Walden, IEEE J. Sel. Areas Commun. 17, 539 (1999)"

#: Energy of an analogue-to-digital converter for each of its 2^bits levels: 26.3 uW at 10.24 MS/s
#: and 8 bits, measured.
ADC_ENERGY = CitedFigure(26.3e-6 / 10.24e6 / 2**8, "J", f"{_HARPE}; {_WALDEN}, 10.1109/49.761034")
#: Time of the same for each bit: one comparison after another.
ADC_TIME = CitedFigure(1 / 10.24e6 / 8, "s", _HARPE)
#: Area of the same for each level: 228 um x 240 um, decoupling included, capacitors doubled with
#: every bit.
ADC_AREA = CitedFigure(228e-6 * 240e-6 / 2**8, "m2", _HARPE)
#: Energy of a capacitive digital-to-analogue converter for each level: its unit capacitor, 0.5 fF,
#: charged to 1 V. What the row draws is not in it.
DAC_ENERGY = CitedFigure(0.5e-15 * 1.0**2, "J", f"{_HARPE}: unit capacitor 0.5 fF, 1 V")
#: Area of a digital-to-analogue converter for each level: 8 x 128 of 1 bit take 0.00017 mm2.
DAC_AREA = CitedFigure(
    0.00017e-6 / (8 * 128) / 2, "m2", "A. Shafiee et al., ISCA 2016, 14, 10.1109/ISCA.2016.12"
)
#: Capacitance of a line on a chip.
WIRE_CAPACITANCE = CitedFigure(
    200e-12, "F/m", "P.-Y. Chen, X. Peng, S. Yu, IEEE Trans. CAD 37, 3067 (2018), "
    "10.1109/TCAD.2018.2789723",
)  # fmt: skip
#: Area of one memristor with what stands beside it, in F^2. Two make 2M (8 F^2) and four 4M
#: (16 F^2).
CELL_AREAS: dict[CellKind, CitedFigure] = {
    "1M": CitedFigure(4.0, "F2", "W. Xu et al., Front. Nanotechnol. 3, 645995 (2021), Table 2, "
                 "10.3389/fnano.2021.645995"),
    "1T1R": CitedFigure(24.0, "F2", "W. Xu et al., Front. Nanotechnol. 3, 645995 (2021), Table 2, "
                   "10.3389/fnano.2021.645995"),
}  # fmt: skip


@dataclass(frozen=True)
class Technology:
    """What stands around the cells of a network; every figure can be replaced by another.

    Attributes:
        feature: m, the smallest width F that cells are drawn with. The converters' figures do not
            follow it: those given are of chips of 90 nm (ADC) and 32 nm (DAC area).
        cell: whether every memristor stands alone or with a transistor.
        columns_per_adc: columns that are converted one after another by the same converter.
        adc_energy: J for each of 2^bits levels.
        adc_time: s for each bit.
        adc_area: m2 for each level.
        dac_energy: J for each level.
        dac_area: m2 for each level.
        wire_capacitance: F/m of the lines, where the arrays do not give their own.
    """

    feature: float = 90e-9
    cell: CellKind = "1M"
    columns_per_adc: int = 8
    adc_energy: CitedFigure = ADC_ENERGY
    adc_time: CitedFigure = ADC_TIME
    adc_area: CitedFigure = ADC_AREA
    dac_energy: CitedFigure = DAC_ENERGY
    dac_area: CitedFigure = DAC_AREA
    wire_capacitance: CitedFigure = WIRE_CAPACITANCE

    def __post_init__(self) -> None:
        require_number(self.feature, "feature, m,", most=_WIDEST, above=True)
        if self.cell not in get_args(CellKind):
            raise UsageError(f"cell is {self.cell!r}; choose {' or '.join(get_args(CellKind))}")
        require_count(self.columns_per_adc, "columns_per_adc")
        for entry in fields(self)[3:]:
            found, default = getattr(self, entry.name), entry.default
            if not isinstance(found, CitedFigure) or found.unit != getattr(default, "unit", None):
                raise UsageError(
                    f"{entry.name} is {found!r}; give CitedFigure(value, "
                    f"{getattr(default, 'unit', '')!r}, source)"
                )

    @property
    def cell_area(self) -> float:
        """Area of one memristor with what stands beside it, m2."""
        return CELL_AREAS[self.cell].value * self.feature**2

    @property
    def pitch(self) -> float:
        """Distance of two columns, m: the side of a square cell."""
        return math.sqrt(self.cell_area)
