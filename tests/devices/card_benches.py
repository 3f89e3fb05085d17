"""Every published device under the stimuli of its card, in ngspice: what several tests share."""

import numpy as np

import memcircuit as mc
from memcircuit.experiments.circuits import card_pulse
from memcircuit.simulate import Job, Transient, run
from pyspice_netlists import Pulse, cell_bench, pulse_sequence

FORMS = ("osdi", "behavioural")
STARTS = np.array([0.0, 0.4, 1.0])


def simulated(device, form, analysis, source, states=STARTS, options=None):
    """Run devices side by side under one driver: the result, and the names in it."""
    cell = mc.cells.OneMemristor(device)
    bench = cell_bench(cell, source, form=form, initial_state=states)
    job = Job("a card alone", bench.circuit, analysis, bench.vectors, device.verilog_a(form))
    return run(job, options=options), bench


def columns(result, names):
    """The vectors of several cells, (points, cells)."""
    return np.stack([result[name].to_numpy() for name in names], axis=-1)


def states_over_time(device, form, pulses, states=STARTS, options=None):
    """The states under pulses, (times, cells), and the result."""
    waveform = pulse_sequence(pulses, min(pulse.duration for pulse in pulses)).waveform
    step = waveform.time[-1] / 4000
    analysis = Transient(stop=waveform.time[-1], step=step, max_step=step)
    result, bench = simulated(device, form, analysis, waveform.source(), states, options)
    return columns(result, bench.states) + states, result


def scaled_pulse(device, kind, gain=1.0):
    """The card's pulse with its amplitude multiplied."""
    pulse = card_pulse(device, kind)
    return Pulse(gain * pulse.amplitude, pulse.width, pulse.rise, pulse.fall)


def noteless(result):
    """Whether the first attempt succeeded and the simulator had nothing to say."""
    return result.attrs["attempts"] == 1 and result.attrs["notes"] == ""
