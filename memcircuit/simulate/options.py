"""Options of the simulator, and the ladder of them that a failing convergence climbs."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from memcircuit.errors import UsageError

# ngspice takes no notice of an option it does not know, so a misspelt one must be caught here.
#: Names of ngspice's options.
KNOWN_OPTIONS = frozenset(
    {
        "abstol",
        "acct",
        "autostop",
        "badmos3",
        "bypass",
        "chgtol",
        "convabsstep",
        "convstep",
        "cshunt",
        "defad",
        "defas",
        "defl",
        "defm",
        "defw",
        "gmin",
        "gminfactor",
        "indverbosity",
        "interp",
        "itl1",
        "itl2",
        "itl3",
        "itl4",
        "itl5",
        "itl6",
        "keepopinfo",
        "klu",
        "list",
        "maxevtiter",
        "maxopalter",
        "maxord",
        "maxwarns",
        "method",
        "minbreak",
        "mincontrib",
        "noinit",
        "nomod",
        "noopac",
        "noopalter",
        "noopiter",
        "nopage",
        "node",
        "nosqrt",
        "opts",
        "pivrel",
        "pivtol",
        "ramptime",
        "reltol",
        "rseries",
        "rshunt",
        "savecurrents",
        "scale",
        "scalm",
        "seed",
        "seedinfo",
        "sparse",
        "tnom",
        "temp",
        "trtol",
        "trytocompact",
        "vntol",
        "warn",
        "xmu",
        "xtrtol",
    }
)
_FIELDS = frozenset({"reltol", "abstol", "vntol", "gmin", "method", "klu", "sparse", "noinit"})
_EXTRA = re.compile(r"(?P<name>[a-z]\w*)(=[-+\w.]+)?", re.IGNORECASE | re.ASCII)
_LOOSEST = 1e-3


@dataclass(frozen=True)
class Options:
    """Options of ngspice.

    The default ``reltol`` is a thousand times tighter than ngspice's: the charge of a state node
    keeps the error of the last Newton step, which costs 0.75 % of a state over 100 pulses at 1e-3,
    up to 0.2 % at 1e-5 where pulses have slow edges, and below 0.1 % at 1e-6.
    How far the estimated error of a time step may go follows from it too: ``trtol=70`` saves a
    quarter of the time points of a pulse on a 1T1R cell, and is left alone because the energies
    of arrays and the switching of threshold devices come out 0.1 % and more off.

    Attributes:
        reltol: relative tolerance of voltages and currents.
        abstol: A, absolute tolerance of currents.
        vntol: V, absolute tolerance of voltages.
        gmin: S, conductance across semiconductor junctions.
        method: integration, ``trap`` or ``gear``.
        klu: solve with KLU, which is ten times faster on arrays.
        gmin_steps: steps of the conductance that helps an operating point to converge; 0: not
            tried, 1: as many as needed, more: so many of a fixed size.
        source_steps: steps in which the sources are raised for the same purpose; counted likewise.
        extra: further options, such as ``("temp=85", "itl1=300")``.
    """

    reltol: float = 1e-6
    abstol: float = 1e-12
    vntol: float = 1e-7
    gmin: float = 1e-12
    method: str = "trap"
    klu: bool = True
    gmin_steps: int = 1
    source_steps: int = 1
    extra: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("reltol", "abstol", "vntol", "gmin"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise UsageError(f"{name}={value!r} must be a finite number above 0")
        if self.reltol >= 1:
            raise UsageError(f"reltol={self.reltol!r} must be below 1")
        if self.method not in {"trap", "gear"}:
            raise UsageError(f"method={self.method!r} must be 'trap' or 'gear'")
        for name in ("gmin_steps", "source_steps"):
            value = getattr(self, name)
            if not isinstance(value, int) or value < 0:
                raise UsageError(f"{name}={value!r} must be a whole number, 0 or above")
        for option in self.extra:
            _check_extra(option)

    def text(self) -> str:
        """Give the ``.options`` line."""
        words = ["klu"] if self.klu else []
        words += [
            "noinit",
            f"method={self.method}",
            f"reltol={float(self.reltol)!r}",
            f"abstol={float(self.abstol)!r}",
            f"vntol={float(self.vntol)!r}",
            f"gmin={float(self.gmin)!r}",
            *self.extra,
        ]
        return ".options " + " ".join(words)

    def stepping_command(self) -> str:
        """Give the command for the ways to an operating point.

        The last way of ngspice, a transient with the sources on ("Transient op"), is switched
        off: it answers circuits that have no solution with numbers of no value.
        """
        return f"optran 1 {self.gmin_steps} {self.source_steps} 0 0 0"


def ladder(options: Options) -> Iterator[tuple[str, Options]]:
    """Yield the attempts at a circuit that does not converge, each with its name.

    1. "as asked";
    2. "gear": integration by Gear's method, which damps the ringing of the trapezoidal rule, and
       500 Newton iterations for each operating point and time step;
    3. "fixed steps": the same, with 10 fixed steps of gmin and of the sources;
    4. "looser": the same with tolerances ten times as wide (``reltol`` at most 1e-3).

    Args:
        options: what the caller asked for.
    """
    yield "as asked", options
    kept = tuple(item for item in options.extra if not re.match(r"itl[124]=", item, re.IGNORECASE))
    patient = replace(options, method="gear", extra=(*kept, "itl1=500", "itl2=500", "itl4=500"))
    yield "gear", patient
    stepped = replace(patient, gmin_steps=10, source_steps=10)
    yield "fixed steps", stepped
    yield (
        "looser",
        replace(
            stepped,
            reltol=max(options.reltol, min(10 * options.reltol, _LOOSEST)),
            abstol=10 * options.abstol,
            vntol=10 * options.vntol,
        ),
    )


def _check_extra(option: str) -> None:
    match = _EXTRA.fullmatch(option)
    if match is None:
        raise UsageError(f"extra option {option!r} must have the form 'name' or 'name=value'")
    name = match["name"].lower()
    if name in _FIELDS:
        raise UsageError(f"extra option {option!r}: {name} has its own place in Options")
    if name not in KNOWN_OPTIONS:
        raise UsageError(f"extra option {option!r}: ngspice has no option {name!r}")
