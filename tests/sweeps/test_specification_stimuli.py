"""Pulses, waveforms and drives of sweep files: those of Python, with the same results."""

import functools
import re

import numpy as np
import pytest
from sweep_files import loaded, run, told

import memcircuit as mc
from memcircuit.sweeps.specification.template import template
from memcircuit.sweeps.store import Store
from pyspice_netlists import (
    Pulse,
    Waveform,
    amplitude_staircase,
    bipolar,
    identical,
    pulse_list,
    pulse_sequence,
    sine,
    triangle,
    width_staircase,
)

GRID = '[grid]\n"device.k_set" = [0.01, 0.02]\n'
LOOP = 'experiment = "iv_loop"\n[device]\ncard = "lin2022_hfo2"\n[arguments]\n'
TRAIN = LOOP.replace("iv_loop", "pulse_train")
ARRAY = """\
experiment = "drive_array"
[device]
card = "lin2022_hfo2"
[array]
rows = 2
columns = 2
[arguments]
states = 0.2
"""
P = '{ amplitude = "1V", width = "1us", rise = "20ns", fall = 1e-8 }'
N = '{ amplitude = "-1V", width = "2us" }'
UP, DOWN = Pulse(1.0, 1e-6, 20e-9, 1e-8), Pulse(-1.0, 2e-6)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{ triangle = "1.5V", rate = "2V/s" }', triangle(1.5, rate=2.0)),
        ('{ triangle = ["1.2V", -1.5], period = "1ms", cycles = 2 }',
         triangle([1.2, -1.5], period=1e-3, cycles=2)),
        ('{ sine = "800mV", frequency = "1kHz" }', sine(0.8, 1e3)),
        ("{ sine = 1, frequency = 50, cycles = 3, points_per_cycle = 40 }",
         sine(1, 50, cycles=3, points_per_cycle=40)),
        ('{ time = [0, "1us", 3e-6], voltage = ["0V", "500mV", 0] }',
         Waveform(np.array([0, 1e-6, 3e-6]), np.array([0, 0.5, 0]))),
        (f'{{ pulses = [{P}, {N}], gap = "1us" }}', pulse_sequence([UP, DOWN], 1e-6).waveform),
        (f'{{ pulses = {{ identical = {P}, count = 3 }}, gap = "1us" }}',
         pulse_sequence([UP] * 3, 1e-6).waveform),
    ],
)  # fmt: skip
def test_waveforms_are_those_of_python(text, expected, tmp_path):
    found = loaded(tmp_path, LOOP + f"sweep = {text}\n" + GRID).experiment.keywords["sweep"]
    np.testing.assert_allclose(found.time, expected.time, rtol=1e-15)
    np.testing.assert_allclose(found.voltage, expected.voltage, rtol=1e-15)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"[{P}, {N}]", (UP, DOWN)),
        (f"{{ identical = {P}, count = 2 }}", identical(UP, 2)),
        (f'{{ amplitude_staircase = {P}, stop = "1.4V", count = 5 }}',
         amplitude_staircase(UP, 1.4, 5)),
        (f'{{ amplitude_staircase = {P}, stop = 1.4, step = "100mV" }}',
         amplitude_staircase(UP, 1.4, step=0.1)),
        (f'{{ width_staircase = {P}, stop = "8us", count = 4, spacing = "geometric" }}',
         width_staircase(UP, 8e-6, 4, spacing="geometric")),
        ('{ amplitudes = ["1V", 1.1], widths = "1us", rise = "5ns" }',
         pulse_list([1.0, 1.1], 1e-6, rise=5e-9)),
        (f"{{ set = {P}, reset = {N}, count = 2 }}", bipolar(UP, DOWN, 2)),
        (f"{{ set = {{ identical = {P}, count = 2 }}, reset = [{N}] }}", bipolar([UP, UP], DOWN)),
        (f"[{{ amplitude = 1, width = 1e-6, count = 2 }}, {{ identical = {N}, count = 1 }}]",
         (Pulse(1, 1e-6), Pulse(1, 1e-6), DOWN)),
    ],
)  # fmt: skip
def test_series_of_pulses_are_those_of_python(text, expected, tmp_path):
    found = loaded(tmp_path, TRAIN + f"stimulus = {text}\n" + GRID).experiment.keywords["stimulus"]
    assert tuple(found) == expected


def test_drives_are_those_of_python(tmp_path):
    text = ARRAY + 'rows = [{ triangle = 0.5, period = "1us" }, "100mV"]\ncolumns = "open"\n' + GRID
    given = loaded(tmp_path, text).experiment.keywords
    wave = triangle(0.5, period=1e-6)
    np.testing.assert_allclose(given["rows"][0].voltage, wave.voltage)
    assert (given["rows"][1], given["columns"]) == (0.1, None)


def test_a_sweep_of_waveforms_is_that_of_python_bit_for_bit(tmp_path):
    text = LOOP + (
        "points_per_cycle = 100\n"
        "[grid]\n"
        'sweep = [{ triangle = "1.5V", rate = "1e6V/s" }, { time = [0, 1e-6], voltage = [0, 1] }]\n'
    )
    found = run(loaded(tmp_path, text), tmp_path / "store")
    assert found["status"].values.tolist() == [0, 0]
    kept = Store(tmp_path / "store")
    before = len(list(kept.entries()))
    waves = [triangle(1.5, rate=1e6), Waveform(np.array([0, 1e-6]), np.array([0.0, 1.0]))]
    loop = functools.partial(mc.iv_loop, mc.device("lin2022_hfo2"), points_per_cycle=100)
    python = mc.sweep(loop, {"sweep": waves}, jobs=1, store=kept, progress="quiet")
    assert found.identical(python)
    # the same keys: nothing was simulated again
    assert len(list(kept.entries())) == before


@pytest.mark.parametrize(
    ("head", "text", "message"),
    [
        (LOOP, 'sweep = "1V"', "arguments.sweep: '1V'; expected { triangle ="),
        (LOOP, "sweep = { ramp = 1 }", "arguments.sweep: {'ramp': 1} is no waveform; expected"),
        (LOOP, "sweep = { triangle = 1 }", "sweep: rate and period are both missing; give"),
        (LOOP, "sweep = { triangle = 1, rate = 1, period = 1 }", "rate and period are both there"),
        (LOOP, 'sweep = { triangle = "1A", rate = 1 }', "sweep.triangle: triangle = '1A' has unit"),
        (LOOP, "sweep = { triangle = 0, rate = 1 }", "arguments.sweep: stops = 0 V must be finite"),
        (LOOP, "sweep = { triangle = 1, rat = 1 }", "sweep.rat: unknown 'rat'; did you mean"),
        (LOOP, "sweep = { sine = 1 }", "arguments.sweep: frequency is missing"),
        (LOOP, "sweep = { sine = 1, frequency = '1s' }", "sweep.frequency: frequency = '1s' has"),
        (LOOP, "sweep = { time = [0, 1], voltage = [0] }", "arguments.sweep: waveform: time (2,)"),
        (LOOP, "sweep = { time = [0, 0], voltage = [0, 1] }", "sweep: waveform: time must rise"),
        (LOOP, "sweep = { time = 1, voltage = [0] }", "arguments.sweep.time: 1 is no list"),
        (LOOP, f"sweep = {{ pulses = [{P}] }}", "arguments.sweep: gap is missing"),
        (TRAIN, "stimulus = 3", "arguments.stimulus: 3; expected a list of pulses"),
        (TRAIN, "stimulus = { stairs = 1 }", "stimulus: {'stairs': 1} is no series of pulses"),
        (TRAIN, "stimulus = [{ amplitude = 1 }]", "arguments.stimulus[0]: width is missing"),
        (TRAIN, f"stimulus = {{ identical = {P} }}", "arguments.stimulus: count is missing"),
        (TRAIN, f"stimulus = {{ identical = {P}, count = 0 }}", "stimulus.count: 0; expected at"),
        (TRAIN, f"stimulus = {{ amplitude_staircase = {P}, stop = 2 }}",
         "arguments.stimulus: count and step are both missing; give one of the two"),
        (TRAIN, f"stimulus = {{ amplitude_staircase = {P}, stop = -1, count = 3 }}",
         "arguments.stimulus: stop = -1 V: of the sign of the first amplitude"),
        (TRAIN, f"stimulus = {{ width_staircase = {P}, stop = 1, count = 2, spacing = 'log' }}",
         "arguments.stimulus.spacing: no 'log'"),
        (TRAIN, "stimulus = { amplitudes = [1, 2], widths = [1e-6, 1e-6, 1e-6] }",
         "arguments.stimulus: 2 amplitudes and 3 widths"),
        (TRAIN, f"stimulus = {{ set = {P}, reset = {P} }}", "expected opposite polarities"),
        (ARRAY, "rows = 'shut'", "arguments.rows: 'shut'; expected a number of V, such as '1 V', "),
        (ARRAY, "rows = ['0.2V', 'opne']",
         "arguments.rows[1]: 'opne'; expected a number of V, such as '1 V', or 'open'"),
        (ARRAY, "rows = [0.1, true]", "arguments.rows[1]: True; expected a number of V"),
        (ARRAY, "rows = true", "arguments.rows: True; expected a number, 'open', { triangle"),
    ],
)  # fmt: skip
def test_mistakes_are_told_with_their_line(head, text, message, tmp_path):
    assert message in told(tmp_path, f"{head}{text}\n{GRID}", head.count("\n") + 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            f"[{{ count = 100000000, {P[2:]}]",
            "stimulus[0].count: 100000000; expected at most 100000",
        ),
        (f"{{ identical = {P}, count = 100000000 }}", "count: 100000000; expected at most 100000"),
        (
            f"{{ amplitude_staircase = {P}, stop = 2, count = 100000000 }}",
            "expected at most 100000",
        ),
        (
            f"{{ amplitude_staircase = {P}, stop = 2, step = '1fV' }}",
            "makes more than 100000 pulses",
        ),
        (f"{{ width_staircase = {P}, stop = 1, count = 100000000 }}", "expected at most 100000"),
        (f"{{ set = {P}, reset = {N}, count = 50001 }}", "count: 50001; expected at most 50000"),
    ],
)
def test_more_pulses_than_can_be_are_refused_before_there_are_lists_of_them(
    text, message, tmp_path
):
    line = TRAIN.count("\n") + 1
    assert message in told(tmp_path, f"{TRAIN}stimulus = {text}\n{GRID}", line)


def test_series_that_are_too_long_together_and_waves_of_too_many_corners_are_refused(tmp_path):
    line = TRAIN.count("\n") + 1
    half = f"{{ identical = {P}, count = 60000 }}"
    pulses = f"sweep = {{ pulses = [{half}, {half}], gap = 1 }}"
    assert "more than 100000 pulses" in told(tmp_path, f"{LOOP}{pulses}\n{GRID}", line)
    wave = "sweep = { sine = 1, frequency = 1, cycles = 1000, points_per_cycle = 1000 }"
    assert "cycles times points_per_cycle" in told(tmp_path, f"{LOOP}{wave}\n{GRID}", line)


@pytest.mark.parametrize("name", ["iv_loop", "pulse_train", "drive_array"])
def test_stimuli_that_templates_show_can_be(name, tmp_path):
    shown = re.compile(r"^# (sweep|stimulus|columns) =", flags=re.MULTILINE)
    text, count = shown.subn(r"\1 =", template(name))
    assert count == 1
    assert loaded(tmp_path, text).design.size == 4
