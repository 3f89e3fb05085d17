"""Card parameters that differ from instance to instance of one netlist."""

import numpy as np
import pytest

import memcircuit as mc
from memcircuit.devices.cards import card_names
from memcircuit.devices.free_parameters import with_free_parameters
from memcircuit.errors import ParameterError, UsageError
from memcircuit.experiments.driven_device import DrivenDevice
from memcircuit.simulate import Job, OperatingPoint, Options, Transient
from memcircuit.simulate.ngspice import run_waves
from pyspice_netlists import NetlistError, cell_bench
from pyspice_netlists.transistors import (
    N2N7002,
    free_size,
    integrated_nmos,
    size_parameters,
    transistor,
)

FORMS = ["osdi", "behavioural"]
HFO2 = mc.device("lin2022_hfo2")


def half_sine(device, form, cells, variation, *, points=200, state=0.3, options=None):
    """Return the waves of cells under half a period of the card's loop."""
    cell = mc.cells.OneMemristor(device)
    loop = device.card.loop
    volts, hertz = (loop[name].value for name in ("amplitude", "frequency"))
    bench = cell_bench(
        cell, f"SIN(0 {volts!r} {hertz!r})", form=form, initial_state=np.full(cells, state),
        variation=variation,
    )  # fmt: skip
    stop = 0.5 / hertz
    job = Job(
        "half a loop", bench.circuit, Transient(stop, stop / points, stop / points),
        (*bench.currents, *bench.states), device.verilog_a(form),
    )  # fmt: skip
    return run_waves(job, options=options)


def changed(device):
    """Return other values of some parameters that the device can have."""
    found = {}
    for parameter in device.model.parameters:
        value = device.parameters[parameter.name]
        try:
            device.with_parameters(**{**found, parameter.name: 1.01 * value})
        except ParameterError:
            continue
        if not parameter.integer:
            found[parameter.name] = 1.01 * value
    return dict(list(found.items())[:5])


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("card", card_names())
def test_alone_it_is_the_device_with_these_parameters(card, form):
    """To rounding: ngspice writes the numbers out again, and its steps follow from them."""
    device = mc.device(card)
    values = changed(device)
    free = with_free_parameters(device, tuple(values))
    assert isinstance(free, DrivenDevice)
    given = {name: np.array([value]) for name, value in values.items()}
    own, told = (
        half_sine(free, form, 1, given), half_sine(device.with_parameters(**values), form, 1, {})
    )  # fmt: skip
    np.testing.assert_allclose(own.axis, told.axis, rtol=1e-9)
    for name in own.columns:
        np.testing.assert_allclose(own[name], told[name], atol=1e-9 * np.abs(told[name]).max())


@pytest.mark.parametrize("form", FORMS)
def test_cells_of_one_netlist_have_each_their_own_parameters(form):
    """Values of 0 too, which no multiplier reaches: such a state does not move."""
    values = {"k_set": np.array([0.0, 0.02, 0.03]), "v_set": np.array([0.12, 0.12, 0.115])}
    free = with_free_parameters(HFO2, tuple(values))
    waves = half_sine(free, form, 3, values, points=2000)
    states = waves.of([f"v(state{cell})" for cell in range(3)])
    assert np.all(np.abs(states[0]) < 1e-9)
    for cell in (1, 2):
        alone = HFO2.with_parameters(**{name: float(v[cell]) for name, v in values.items()})
        volts = HFO2.card.loop["amplitude"].value
        turn = 2 * np.pi * HFO2.card.loop["frequency"].value
        exact = alone.numpy().integrate(
            lambda t, size=volts, turn=turn: size * np.sin(turn * t), waves.axis, 0.3
        )
        np.testing.assert_allclose(0.3 + states[cell], exact, atol=1e-4)


def test_instances_that_are_given_none_have_the_devices_values():
    free = with_free_parameters(HFO2, ("k_set", "g_square"))
    assert free.free == {"k_set": HFO2.parameters["k_set"], "g_square": 0.0}
    assert np.array_equal(half_sine(free, "osdi", 1, {}).data, half_sine(HFO2, "osdi", 1, {}).data)
    line = free.instance("a", ("p", "m", "s"), 0.5, {"k_set": 0.01, "m_k_set": 2.0})
    assert line == "Xa p m s lin2022_hfo2 x0=0.5 m_k_set=2 k_set=0.01"
    with pytest.raises(UsageError, match="no multiplier 'g_max'"):
        free.instance("a", ("p", "m", "s"), 0.5, {"g_max": 1e-4})


@pytest.mark.parametrize("card", ["lin2022_hfo2", "strukov2008_tio2", "bengel2020_jart"])
def test_values_are_refused_as_those_of_single_devices_are(card, rng):
    """Ranges and relations, at the same cell and in the same words."""
    device = mc.device(card)
    names = [p.name for p in device.model.parameters if not p.integer]
    free = with_free_parameters(device, names)
    refused = 0
    for _ in range(60):
        name = str(rng.choice(names))
        values = device.parameters[name] * rng.choice([1.0, 1.1, 0.9, -1.0, 1e4, 1e-6, 0.0], 3)
        message = ""
        for cell, value in enumerate(values):
            try:
                device.with_parameters(**{name: float(value)})
            except ParameterError as error:
                message = str(error).replace(f"{card!r}", f"{card!r}, cell {cell}")
                break
        if message:
            refused += 1
            with pytest.raises(ParameterError) as caught:
                free.check({name: values})
            assert str(caught.value) == message
        else:
            free.check({name: values})
    assert 5 < refused < 55


def test_relations_hold_between_the_values_of_a_cell():
    free = with_free_parameters(mc.device("strukov2008_tio2"), ("r_on", "r_off"))
    free.check({"r_on": np.array([10.0, 1e5]), "r_off": np.array([100.0, 1e6])})
    with pytest.raises(ParameterError, match=r"cell 1: r_off = 1e\+06 ohm, r_on = 2e\+06 ohm"):
        free.check({"r_on": np.array([10.0, 2e6]), "r_off": np.array([100.0, 1e6])})
    # one value for the memristors of a cell, or one for each
    with pytest.raises(ParameterError, match="cell 0: r_off = 30 ohm, r_on = 40 ohm"):
        free.check({"r_on": np.array([[10.0, 40.0]]), "r_off": np.array([30.0])})
    with pytest.raises(UsageError, match="'mobility' is not free; free are r_on, r_off"):
        free.check({"mobility": np.array([1e-14])})


@pytest.mark.parametrize("form", FORMS)
def test_multipliers_that_nobody_needs_can_be_left_out(form):
    few = with_free_parameters(HFO2, ("k_set",), ("m_v_set",))
    assert few.multipliers == ("m_v_set",)
    given = {"k_set": np.array([0.02, 0.03]), "m_v_set": np.array([1.1, 0.9])}
    every = with_free_parameters(HFO2, ("k_set",))
    own, told = (half_sine(device, form, 2, given) for device in (few, every))
    assert np.array_equal(own.data, told.data)
    assert with_free_parameters(HFO2, (), ()).include_lines(form) != HFO2.include_lines(form)
    with pytest.raises(UsageError, match="no multiplier 'm_p_set'"):
        with_free_parameters(HFO2, (), ("m_p_set",))


@pytest.mark.parametrize(
    ("names", "error", "message"),
    [
        (("nope",), ParameterError, "no parameter 'nope'"),
        (("window",), UsageError, "window chooses between equations"),
        (("r_on", "r_on"), UsageError, "twice"),
    ],
)
def test_refuses_what_cannot_be_free(names, error, message):
    with pytest.raises(error, match=message):
        with_free_parameters(mc.device("strukov2008_tio2"), names)


def test_transistors_of_one_netlist_have_each_their_own_size():
    """Drain currents of channel and body diode as the law of a transistor of that size has them."""
    w, l = np.array([2e-6, 10e-6, 33.3e-6]), np.array([0.35e-6, 1e-6, 0.5e-6])  # noqa: E741
    sized = free_size("nmos_350n")
    values = size_parameters(w, l)
    for drain in (1.5, 0.05, -0.4, -0.7):
        lines = [*sized.lines, f"Vd d 0 {drain}", "Vg g 0 2.0"]
        for k in range(3):
            own = " ".join(f"{name}={float(found[k])!r}" for name, found in values.items())
            lines += [f"Vm{k} d d{k} 0", f"X{k} d{k} g 0 {sized.name} {own}"]
        text = "\n".join(lines) + "\n"
        job = Job("sizes", text, OperatingPoint(), tuple(f"i(vm{k})" for k in range(3)))
        tight = Options(reltol=1e-9, abstol=1e-15)
        found = run_waves(job, options=tight).of(job.vectors)[:, 0]
        exact = [
            float(integrated_nmos(a, b).law.current(drain, 2.0)[0])
            for a, b in zip(w, l, strict=True)
        ]
        np.testing.assert_allclose(found, exact, rtol=1e-6)


def test_only_integrated_transistors_have_a_size():
    assert free_size(integrated_nmos(2e-6)).free["w"] == 2e-6
    assert transistor("nmos_350n").free == {}
    with pytest.raises(NetlistError, match="'q2n7002' has no width"):
        free_size(N2N7002)
    with pytest.raises(NetlistError, match=r"l = .*0.0.* m: a number above zero"):
        size_parameters(1e-6, [1e-6, 0.0])
