"""The agreement of forms over many cards, as a Markdown page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

from memcircuit.devices.device import Form, device
from memcircuit.experiments.agreement import (
    BOUND,
    FASTER,
    START,
    STIMULI,
    Agreement,
    Deviation,
    Stimulus,
    agreement,
)

_HEAD = f"""# Agreement of forms

Written by `memcircuit agree --all --out docs/agreement.md`; change nothing here.

Each card is driven by its own stimuli: two periods of the sine of its I-V loop, the same at
{FASTER} times the frequency, 100 SET pulses from s = {START["set"]} and 100 RESET pulses from
s = {START["reset"]}, with a read after each. The numpy form (the library's own integrator) and both
netlist forms in ngspice are compared with the model's equations integrated by scipy at tight
tolerance: loops by the largest difference of the current at equal time, as a share of its maximum;
trains by the largest relative difference of the conductance at the reads. The numpy form of models
with an inner node is followed for one period and 10 pulses. Netlist forms are compared with each
other at the instants of the first, the second's current being a straight line between its own
instants. "Moves" is how far the state travels in a loop, or how many of the pulses move it by 0.001
or more. The bound is {BOUND:.1%}.
"""
_WHY = """
## Exceptions

Deviations above the bound, and the least shift in time that brings every point within it, as a
share of the period. Where so small a shift suffices, the forms take the same path, and only the
instant at which the device switches differs: the current jumps there, so that at equal time an
error of the time shows as one of the current. It is less than a time step: that is 5e-6 of a period
here, 4e-5 for behavioural sources with an inner node. Netlist forms whose time points differ are
further from each other than either from scipy, for within the jump a straight line joins the points
of one. In a train of pulses that sets a barrier which runs away, errors grow with the state.
"""


def agreements(
    cards: Iterable[str], forms: tuple[Form, ...], processes: int = 1
) -> list[Agreement]:
    """Compare the forms of every card under every stimulus, in order.

    Args:
        cards: names of cards, or paths.
        forms: netlist forms to simulate.
        processes: that share the work.
    """
    work = [(card, stimulus) for card in cards for stimulus in STIMULI]
    one = partial(_one, forms=forms)
    if processes == 1:
        return [one(entry) for entry in work]
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        return list(pool.map(one, work))


def _one(entry: tuple[str, Stimulus], forms: tuple[Form, ...]) -> Agreement:
    card, stimulus = entry
    return agreement(device(card), stimulus, forms)


def header() -> list[str]:
    """Return the titles of the columns."""
    return [
        "card", "model", "stimulus", "moves", "numpy", "osdi", "behavioural",
        "osdi against behavioural",
    ]  # fmt: skip


def row(found: Agreement) -> list[str]:
    """Return one agreement as the cells of a table."""
    return [
        found.device, found.model, found.stimulus, f"{found.moving:.3g}",
        *(_cell(found.forms.get(name)) for name in ("numpy", "osdi", "behavioural")),
        _cell(found.between),
    ]  # fmt: skip


def page(found: Sequence[Agreement]) -> str:
    """Return the whole page."""
    lines = [_HEAD, *_table(header(), map(row, found)), _WHY]
    beyond = [
        [one.device, one.stimulus, name, _cell(off), f"{off.shift:.1e}"]
        for one in found
        for name, off in _all(one)
        if not off.within
    ]
    lines += _table(["card", "stimulus", "form", "deviation", "shift"], beyond)
    return "\n".join(lines) + "\n"


def _all(found: Agreement) -> list[tuple[str, Deviation]]:
    between = [] if found.between is None else [("osdi against behavioural", found.between)]
    return [*found.forms.items(), *between]


def _cell(deviation: Deviation | None) -> str:
    if deviation is None:
        return "-"
    return f"{deviation.value:.1e}" if deviation.within else f"**{deviation.value:.1e}**"


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    def line(cells: Sequence[str]) -> str:
        return f"| {' | '.join(cells)} |"

    return [line(titles), line(["---"] * len(titles)), *map(line, rows)]
