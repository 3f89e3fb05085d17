"""The forms of the models beside each other, their compilation, and a fit."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

import memcircuit as mc
from benchmarks.measure import median_seconds, report, seconds
from memcircuit.devices.evolution import evolve, evolve_pulses
from memcircuit.experiments.circuits import card_pulse
from memcircuit.experiments.fitting import fit
from memcircuit.experiments.pulse_train import prepare_pulse_train, run_train
from memcircuit.simulate import Job, OperatingPoint, Transient, compile_verilog_a, run
from memcircuit.simulate.compiler import build
from memcircuit.simulate.locate import find_openvaf
from pyspice_netlists import CellArray, LineEnds, Pulse, cell_bench, crossbar_bench, pulse_sequence

Array = NDArray[np.float64]

DEVICES, PULSES = 10_000, 100
#: As many devices as ngspice is given in one netlist; its time is scaled to all of them.
TOGETHER = 100


def numpy_vs_ngspice() -> None:
    """Conductance of 10,000 HfO2 devices, spread as the card says, after each of 100 SET pulses."""
    device = mc.device("lin2022_hfo2")
    spread = {
        name: values[:, 0]
        for name, values in device.draw_variation(np.random.default_rng(1), DEVICES).items()
    }
    pulse, read = card_pulse(device, "set"), card_pulse(device, "read")
    model = device.numpy()

    def conductances() -> Array:
        states = evolve_pulses(
            model, np.full(PULSES, pulse.amplitude), pulse.width, device.initial_state,
            rise=pulse.rise, fall=pulse.fall, **spread,
        )  # fmt: skip
        own = {name: values[:, np.newaxis] for name, values in spread.items()}
        return device.conductance(states, read.amplitude, **own)

    some = {name: values[:TOGETHER] for name, values in spread.items()}
    train = prepare_pulse_train(device, pulses=PULSES, reset_pulses=0, variation=some)
    with threadpool_limits(1):
        ours = median_seconds(conductances, 3)
        theirs = median_seconds(lambda: run_train(train), 3) * DEVICES / TOGETHER
    judge = run_train(train)["conductance"].to_numpy()[:, 1:]
    difference = float(np.abs(conductances()[:TOGETHER] / judge - 1).max())
    report(
        "devices.numpy_vs_ngspice",
        ours,
        theirs,
        f"ngspice_{DEVICES // TOGETHER}_times_a_netlist_of_{TOGETHER}_devices"
        f"(1_thread,{train.settings['form']},with_reads,conductances_agree_to_{difference:.0e})",
    )


def fit_loop1000() -> None:
    """Four parameters from a loop of 1000 points with 1 % noise; the other is scipy's one run."""
    device = mc.device("lin2022_hfo2")
    model, period = device.numpy(), 2.5e-4
    time = np.linspace(0, period, 1000)
    voltage = 1.8 * np.sin(2 * np.pi * time / period)
    exact = model.current(voltage, evolve(model, time, voltage, 0.0)[0])
    noise = np.random.default_rng(1).standard_normal(time.size)
    data = time, voltage, exact + 0.01 * np.abs(exact).max() * noise
    start = {"k_set": 0.01, "k_reset": 0.07, "g_max": 500e-6, "v_set": 0.13}
    found = []
    with threadpool_limits(1):
        ours = median_seconds(
            lambda: found.append(fit(device, data, list(start), start=start)), 3
        )  # fmt: skip
        once = median_seconds(
            lambda: model.integrate(
                lambda t: float(np.interp(t, time, voltage)), time, 0.0, method="DOP853"
            ),
            3,
        )
    trials = found[-1].evaluations
    report(
        "devices.fit_loop1000",
        ours,
        once * trials * (2 * len(start) + 1),
        f"scipy_DOP853_for_each_of_{trials}_trials_and_their_neighbours(1_thread)",
    )


#: Cells of the array, per side; ohm per segment of its wires; SET pulses on its first row.
SIZE, SEGMENT, ROW_PULSES = 16, 2.0, 3
#: Pulses of the card times this, in amplitude and width, where the whole pulse, on which cells run
#: away one by one, would keep the behavioural form busy for many minutes.
GENTLE = {
    "jart_vcm": (0.5, 0.1), "simmons_barrier": (0.5, 0.1), "stanford_pku": (0.5, 0.1),
}  # fmt: skip


def _array_job(device: mc.Device, form: Literal["osdi", "behavioural"]) -> Job:
    """SET pulses on the first row, half of them on all others."""
    lower, shorter = GENTLE.get(device.model.name, (1.0, 1.0))
    pulse = card_pulse(device, "set")
    width = shorter * pulse.width
    waveforms = [
        pulse_sequence(
            [Pulse(gain * lower * pulse.amplitude, width, pulse.rise, pulse.fall)] * ROW_PULSES,
            width / 2,
        ).waveform
        for gain in (1.0, 0.5)
    ]
    start = np.random.default_rng(1).uniform(0, 1, (SIZE, SIZE))
    cells = CellArray(mc.cells.OneMemristor(device), start, form)
    left = [waveforms[min(row, 1)].source() for row in range(SIZE)]
    bench = crossbar_bench(mc.Wires(SEGMENT).lines(SIZE, SIZE), cells, LineEnds(left=left))
    stop = float(waveforms[0].time[-1])
    analysis = Transient(stop=stop, step=stop / 200, max_step=stop / 200)
    names = tuple(bench.states.flat)
    return Job("array", bench.circuit, analysis, names, device.verilog_a(form))


def _osdi_vs_behavioural(device: mc.Device) -> None:
    """A transient of 16 x 16 cells with wires, compiled and in behavioural sources."""
    found: dict[str, Array] = {}

    def runner(form: Literal["osdi", "behavioural"]) -> Callable[[], None]:
        job = _array_job(device, form)

        def once() -> None:
            result = run(job)
            found[form] = np.array([result[name][-1] for name in job.vectors])

        return once

    ours = median_seconds(runner("osdi"), 3)
    other = seconds(runner("behavioural"))
    apart = np.abs(found["osdi"] - found["behavioural"]).max()
    gentle = device.model.name in GENTLE
    report(
        f"devices.osdi_vs_behavioural.{device.model.name}",
        ours,
        other,
        f"behavioural_sources({device.name},{ROW_PULSES}_{'gentle_' if gentle else ''}SET_pulses,"
        f"one_run,states_agree_to_{apart:.0e})",
    )


def _compile(device: mc.Device) -> None:
    """A fresh model compiled, then loaded for an operating point; the other is the bound."""
    source = device.verilog_a("osdi")[0]
    cell = mc.cells.OneMemristor(device)
    bench = cell_bench(cell, "DC 0.1", form="osdi", initial_state=np.array([0.5]))
    job = Job("load", bench.circuit, OperatingPoint(), bench.vectors, (source,))

    def compiled() -> None:
        with tempfile.TemporaryDirectory() as folder:
            build(find_openvaf(), source, Path(folder) / "module.osdi")

    compile_verilog_a(source)
    ours = median_seconds(compiled, 3) + median_seconds(lambda: run(job), 3)
    report(f"devices.compile[{device.model.name}]", ours, 1.0, "the_bound_of_1_s(compile_and_load)")


def _named(work: Callable[[mc.Device], None], device: mc.Device, name: str) -> Callable[[], None]:
    def once() -> None:
        work(device)

    once.__name__ = name
    return once


def _of_every_model() -> tuple[Callable[[], None], ...]:
    """One benchmark of each kind for every model, on the last of its cards."""
    devices = {device.model.name: device for device in map(mc.device, mc.card_names())}
    forms = [
        _named(_osdi_vs_behavioural, device, f"osdi_vs_behavioural.{name}")
        for name, device in devices.items()
    ]
    compiled = [_named(_compile, device, f"compile[{name}]") for name, device in devices.items()]
    return (*forms, *compiled)


ALL = (numpy_vs_ngspice, fit_loop1000, *_of_every_model())
