"""Every card in a passive array with wires, in both forms, without a word from the simulator."""

import numpy as np
import pytest
from card_benches import FORMS, noteless, scaled_pulse

import memcircuit as mc
from memcircuit.crossbar.spice import tight_options
from memcircuit.simulate import Job, OperatingPoint, Transient, run
from pyspice_netlists import CellArray, LineEnds, crossbar_bench, pulse_sequence

CARDS = mc.card_names()
SIZE, SEGMENT = 16, 2.0
#: A transient of 256 cells in behavioural sources takes about a second for these...
QUICK = (
    "kvatinsky2015_pt_hf_ti", "kvatinsky2015_vteam", "lin2022_hfo2", "narayanan2015_miec",
    "zhang2021_zno_pulses",
)  # fmt: skip
#: ...and many minutes for those that are implicit or run away in SET: left to OSDI.
ENDLESS = ("bengel2020_jart", "chen2015_hfox", "pickett2009_tio2")


def states(rng):
    """States from end to end, both ends among them, (SIZE, SIZE)."""
    drawn = rng.uniform(0, 1, (SIZE, SIZE))
    drawn[:, 0], drawn[:, -1] = 0.0, 1.0
    return drawn


def bench_of(device, form, start, left):
    cells = CellArray(mc.cells.OneMemristor(device), start, form)
    return crossbar_bench(mc.Wires(SEGMENT).lines(SIZE, SIZE), cells, LineEnds(left=left))


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("kind", ["set", "reset"])
def test_operating_points_of_both_forms_agree(card, kind, rng):
    """Rows from a third of the pulse's amplitude to all of it."""
    device, start = mc.device(card), states(rng)
    rows = np.linspace(1 / 3, 1, SIZE) * scaled_pulse(device, kind).amplitude
    found = []
    for form in FORMS:
        bench = bench_of(device, form, start, rows)
        job = Job("array", bench.circuit, OperatingPoint(), bench.vectors, device.verilog_a(form))
        result = run(job, options=tight_options(form))
        assert noteless(result)
        found.append(np.array([float(result[name]) for name in bench.bottom]))
    np.testing.assert_allclose(found[1], found[0], rtol=1e-6, atol=1e-13)


def _transients():
    for card in CARDS:
        yield pytest.param(card, "osdi")
        if card not in ENDLESS:
            marks = [] if card in QUICK else [pytest.mark.slow]
            yield pytest.param(card, "behavioural", marks=marks)


@pytest.mark.parametrize(("card", "form"), list(_transients()))
@pytest.mark.parametrize("kind", ["set", "reset"])
def test_a_row_is_programmed(card, form, kind, rng):
    """A pulse on one row and half of it on all others, as they are half selected."""
    device, start = mc.device(card), states(rng)
    waveforms = [
        pulse_sequence([pulse], pulse.width / 2).waveform
        for pulse in (scaled_pulse(device, kind, gain) for gain in (1.0, 0.5))
    ]
    left = [waveforms[min(row, 1)].source() for row in range(SIZE)]
    bench = bench_of(device, form, start, left)
    stop = waveforms[0].time[-1]
    analysis = Transient(stop=stop, step=stop / 50, max_step=stop / 50)
    names = tuple(bench.states.flat)
    result = run(Job("array", bench.circuit, analysis, names, device.verilog_a(form)))
    assert noteless(result)
    moved = np.stack([result[name].to_numpy() for name in names], axis=-1)
    reached = start.ravel() + moved
    assert reached.min() > -5e-6
    assert reached.max() < 1 + 5e-6
    own = np.abs(moved[-1].reshape(SIZE, SIZE)).max(axis=1)
    # the volatile forget all over the array; wires may leave less than a threshold in every row
    assert device.model.volatile or own[0] >= own[1:].max()
