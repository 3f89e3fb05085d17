"""A designer's own Verilog-A file in experiments, cells and arrays, against its own equations."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import memcircuit as mc
from memcircuit.crossbar.spice import read_in_ngspice
from memcircuit.crossbar.wires import Ends
from memcircuit.devices.library import models_directory
from memcircuit.errors import CompileError, ParameterError, SimulationError, UsageError
from memcircuit.experiments.pulse_train import prepare_pulse_train, run_train
from memcircuit.simulate import preferred_form
from memcircuit.simulate.verilog_a_file import VerilogAFile
from pyspice_netlists import Pulse

DATA = Path(__file__).parent.parent / "data"
THRESHOLD, GAP = DATA / "threshold_memristor.va", DATA / "gap_memristor.va"
RESISTORS = DATA / "plain_resistors.va"


@pytest.fixture(scope="module", autouse=True)
def _osdi():
    if preferred_form() != "osdi":
        pytest.skip("no Verilog-A compiler, or an ngspice without OSDI")


@pytest.fixture
def threshold():
    return VerilogAFile(THRESHOLD, initial_state_parameter="x_init")


@pytest.fixture
def gap():
    return VerilogAFile(GAP, initial_state_parameter="gap_start", state_range=(1.7, 0.2))


def _threshold_rate(v, x, k_set=2e3, k_reset=1e3):
    """Equations at the head of threshold_memristor.va."""
    if v > 0.4:
        return k_set * (v / 0.4 - 1) ** 2 * (1 - x)
    return -k_reset * (v / -0.3 - 1) * x if v < -0.3 else 0.0 * x


def _threshold_current(v, x, r_on=2e3, r_off=1e5):
    return v * (x / r_on + (1 - x) / r_off)


def _gap_rate(v, g, fast=1.0):
    return -fast * 100 * np.sinh(v / 0.15) * (g - 0.2) * (1.7 - g) / 1.5**2


def _gap_current(v, g):
    return 1e-4 * np.exp(-g / 0.25) * np.sinh(v / 0.4)


def _integrate(rate, voltage, times, start, step):
    """Return the states at ``times``; no step passes over a corner of the voltage."""
    found = solve_ivp(
        lambda t, x: rate(voltage(t), x), (0, times[-1]), [start], t_eval=times,
        rtol=1e-9, atol=1e-12, max_step=step,
    )  # fmt: skip
    return found.y[0]


@pytest.mark.parametrize(("points", "k_set"), [(1000, 2e3), (100, 2e5)])
def test_loop_is_that_of_the_equations(points, k_set):
    """With coarse points and a fast device the module's own $bound_step does the rest."""
    device = VerilogAFile(
        THRESHOLD, initial_state_parameter="x_init", parameters={"k_set": k_set, "a_set": 2}
    )
    loop = mc.iv_loop(device, amplitude=1.0, frequency=1e3, points_per_cycle=points,
                      initial_state=0.3)  # fmt: skip
    times = loop["time"].to_numpy()

    def voltage(t):
        return np.sin(2 * np.pi * 1e3 * t)

    state = _integrate(lambda v, x: _threshold_rate(v, x, k_set), voltage, times, 0.3, 2e-6)
    current = _threshold_current(voltage(times), state)
    assert np.ptp(state) > 0.3
    assert loop["state"].to_numpy() == pytest.approx(state, abs=5e-4)
    error = np.abs(loop["current"].to_numpy() - current).max()
    assert error < 5e-4 * np.abs(current).max()
    assert loop.attrs["step_limit"] == "waveform, and $bound_step of the device's module"
    assert np.isnan(loop.attrs["state_step"])
    assert loop.attrs["citation"] == "module Threshold_Memristor of threshold_memristor.va"


def test_step_limit_of_a_device_with_equations_is_unchanged():
    attributes = mc.iv_loop(mc.device("lin2022_hfo2"), cycles=1).attrs
    assert attributes["step_limit"] == "waveform and state"
    assert 0 < attributes["state_step"] <= 0.02


def test_pulses_on_a_third_terminal_in_its_own_unit(gap):
    """The gap, 1.7 ... 0.2 nm, is the state 0 ... 1; each cell has its own start and speed."""
    starts, fast = np.array([0.2, 0.7]), np.array([0.5, 1.5])
    ready = prepare_pulse_train(
        gap, set=Pulse(0.7, 1e-4, 1e-6, 1e-6), reset=Pulse(-0.6, 1e-4, 1e-6, 1e-6), read=0.05,
        pulses=4, initial_state=starts, variation={"m_fast": fast},
    )  # fmt: skip
    train = run_train(ready)
    sequence = ready.sequence
    instants = sequence.plateau_stop[::2] - 5e-4 * 1e-4
    for cell in range(2):
        gaps = _integrate(
            lambda v, g, f=fast[cell]: _gap_rate(v, g, f), lambda t: float(sequence.waveform.at(t)),
            instants, 1.7 - 1.5 * starts[cell], 2e-7,
        )  # fmt: skip
        assert train["state"].to_numpy()[cell] == pytest.approx((1.7 - gaps) / 1.5, abs=2e-4)
        exact = _gap_current(0.05, gaps) / 0.05
        assert train["conductance"].to_numpy()[cell] == pytest.approx(exact, rel=1e-3)
    rises = np.diff(train["conductance"].to_numpy(), axis=1)
    assert (rises[:, :4] > 0).all()
    assert (rises[:, 4:] < 0).all()
    assert mc.ConductanceTable.from_pulses(train).conductance_range


def test_parameters_of_the_model_card_may_vary(threshold):
    """The card is then written once per instance."""
    device = VerilogAFile(THRESHOLD, parameters={"R_on": 1e3, "x_init": 1.0}, varies=["R_on"])
    train = mc.pulse_train(
        device, set=Pulse(0.2, 1e-5), read=0.1, pulses=1, reset_pulses=0,
        variation={"m_R_on": [1.0, 2.0]},
    )  # fmt: skip
    assert train["conductance"].to_numpy()[:, -1] == pytest.approx([1e-3, 5e-4], rel=1e-9)
    # what the card of all instances says stands outside the subcircuit
    alone = VerilogAFile(THRESHOLD).include_lines("osdi")
    assert alone[0] == ".model threshold_memristor_card Threshold_Memristor"
    assert threshold.include_lines("osdi")[1].endswith(" x_init={x0}")
    changed = threshold.with_parameters(R_on=4e3)
    assert changed.compiled.parameter("R_off").value == 200e3
    assert changed.initial_state == threshold.initial_state == 0.1
    assert (
        replace(threshold, initial_state=0.6).include_lines("osdi")[0].endswith(" x0=0.6 m_area=1")
    )


def test_a_module_without_state_has_none_in_its_datasets():
    device = VerilogAFile(RESISTORS, module="plain_resistor", parameters={"r": 500.0})
    assert device.state == ""
    loop = mc.iv_loop(device, amplitude=0.5, frequency=1e3, cycles=1, points_per_cycle=100)
    assert set(loop.data_vars) == {"voltage", "current"}
    assert loop.attrs["step_limit"] == "waveform alone"
    assert loop["current"].to_numpy() == pytest.approx(loop["voltage"].to_numpy() / 250, abs=1e-12)
    pulse = Pulse(0.5, 1e-5)
    train = mc.pulse_train(device, set=pulse, reset=Pulse(-0.5, 1e-5), read=0.1, pulses=1,
                           variation={"m_width": [1.0, 3.0]}, waveforms=True)  # fmt: skip
    assert "state" not in train
    assert "waveform_state" not in train
    assert train["conductance"].to_numpy()[:, 0] == pytest.approx([4e-3, 12e-3], rel=1e-9)
    with pytest.raises(UsageError, match=r"has no parameter for it.*initial_state_parameter"):
        mc.iv_loop(device, amplitude=0.5, frequency=1e3, initial_state=0.0)
    contacted = VerilogAFile(RESISTORS, module="contacted_resistor")
    assert contacted.state == ""


def test_state_in_an_output_variable_and_in_a_cell_with_a_transistor():
    """The file of one of our own models runs as that model does."""
    own = mc.device("lin2022_hfo2")
    device = VerilogAFile(
        models_directory() / "verilog_a" / "graded_bipolar.va", name="own_file",
        parameters=own.parameters, initial_state_parameter="x0", state="s",
        transistor=own.transistor,
    )  # fmt: skip
    pulses = {kind: _card_pulse(own, kind) for kind in ("set", "reset", "read")}
    same = {"pulses": 3, "initial_state": 0.3, "gate": own.card.gate.value, **pulses}
    kind = mc.cells.OneTransistorOneMemristor
    expected = mc.pulse_train(kind(own), form="osdi", **same)
    train = mc.pulse_train(kind(device), **same)
    for name in ("conductance", "state", "energy"):
        assert train[name].to_numpy() == pytest.approx(expected[name].to_numpy(), rel=1e-3)
    assert train["state"].to_numpy()[0, 0] == pytest.approx(0.3, abs=1e-3)


def _card_pulse(device, kind):
    return Pulse(**{key: entry.value for key, entry in device.card.pulses[kind].items()})


def test_in_an_array_with_wires(threshold):
    """Below its thresholds the device is a resistor: the exact solver of resistors is the judge."""
    array = mc.Crossbar(threshold, rows=2, columns=2, wires=50.0)
    states, v = np.array([[0.1, 0.9], [0.5, 0.0]]), np.array([0.1, 0.2])
    g = _threshold_current(1.0, states)
    found = array.read_cells(v, states, simulator="ngspice")
    assert found["output"].to_numpy() == pytest.approx(array.read(v, g), rel=1e-8)
    resistors = mc.Crossbar(
        VerilogAFile(RESISTORS, module="plain_resistor"), rows=2, columns=2, wires=50.0
    )
    found = resistors.read_cells(v, simulator="ngspice")
    assert found["output"].to_numpy() == pytest.approx(
        resistors.read(v, np.full((2, 2), 2e-3)), rel=1e-8
    )
    with pytest.raises(UsageError, match="no parameter for it"):
        resistors.read_cells(v, states, simulator="ngspice")


def test_what_needs_equations_in_python_says_so(threshold):
    array = mc.Crossbar(threshold, rows=2, columns=2, wires=50.0)
    with pytest.raises(UsageError, match="has no equations"):
        array.read_cells([0.1, 0.1], np.zeros((2, 2)))
    with pytest.raises(UsageError, match="has no equations"):
        mc.program_pulses(array, np.zeros((2, 2)), (0, 0), [Pulse(1.0, 1e-6)], read=0.1)
    with pytest.raises(UsageError, match="no card"):
        mc.pulse_cycles(threshold, np.random.default_rng(1), set=Pulse(1.0, 1e-6))
    for refused in (
        lambda: mc.iv_loop(threshold, amplitude=1.0, frequency=1e3, form="behavioural"),
        lambda: array.netlist([0.1, 0.1], states=np.zeros((2, 2))),
        lambda: threshold.verilog_a("behavioural"),
        lambda: read_in_ngspice(
            array.lines, Ends.reading(array.lines, np.zeros(2)), cell=threshold, form="behavioural"
        ),
    ):
        with pytest.raises(UsageError, match=r"no form 'behavioural'.*threshold_memristor\.va"):
            refused()
    with pytest.raises(UsageError, match="states no loop: pass amplitude"):
        mc.iv_loop(threshold)
    with pytest.raises(UsageError, match="states no set pulse"):
        mc.pulse_train(threshold)
    with pytest.raises(UsageError, match="pass gate"):
        mc.iv_loop(mc.cells.OneTransistorOneMemristor(threshold), amplitude=1.0, frequency=1e3)


def test_an_instance_line(threshold):
    assert threshold.pins == ("plus", "minus", "state")
    line = threshold.instance("1", ("a", "b", "s"), 0.5, {"m_area": 2.0})
    assert line == "X1 a b s threshold_memristor x0=0.5 m_area=2"
    with pytest.raises(UsageError, match="no multiplier 'm_x'"):
        threshold.instance("1", ("a", "b", "s"), variation={"m_x": 2.0})
    with pytest.raises(UsageError, match="2 nodes"):
        threshold.instance("1", ("a", "b"))
    with pytest.raises(UsageError, match="initial_state_parameter"):
        VerilogAFile(THRESHOLD).instance("1", ("a", "b", "s"), 0.5)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"parameters": {"r_on": 1.0}}, ParameterError, "'r_on'; did you mean 'R_on'"),
        ({"parameters": {"R_on": -1.0}}, ParameterError, "refuses R_on = -1.0"),
        ({"parameters": {"R_on": float("nan")}}, ParameterError, "expected a finite number"),
        ({"parameters": {"R_on": "2k"}}, ParameterError, "expected a finite number"),
        ({"parameters": {"a_set": 1.5}}, ParameterError, "expected a whole number"),
        ({"parameters": {"author": 1.0}}, ParameterError, "is a string"),
        ({"initial_state_parameter": "x0"}, ParameterError, "no parameter 'x0'"),
        ({"initial_state_parameter": "a_set"}, ParameterError, "type integer"),
        ({"initial_state_parameter": "x_init", "initial_state": 2.0}, ParameterError, "2.0"),
        ({"initial_state_parameter": "R_on"}, ParameterError, "outside state_range"),
        ({"initial_state_parameter": "x_init", "parameters": {"x_init": 0.2}}, ParameterError,
         "pass initial_state"),
        ({"initial_state": 0.5}, UsageError, "one of .*x_init"),
        ({"state": "y"}, UsageError, "keeps no state in 'y'; it has resistance, x"),
        ({"state_range": (1.0, 1.0)}, UsageError, "two different numbers"),
        ({"varies": ["a_set"]}, ParameterError, "cannot be scaled"),
        ({"varies": "area"}, UsageError, "expected a list"),
        ({"varies": ["arae"]}, ParameterError, "did you mean 'area'"),
        ({"module": "other"}, UsageError, "holds Threshold_Memristor"),
        ({"name": "1x"}, UsageError, "device name '1x'"),
    ],
)  # fmt: skip
def test_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        VerilogAFile(THRESHOLD, **arguments)


def test_refused_files(tmp_path):
    with pytest.raises(UsageError, match=r"nowhere\.va"):
        VerilogAFile(tmp_path / "nowhere.va")
    with pytest.raises(UsageError, match="modules plain_resistor, contacted_resistor: pass module"):
        VerilogAFile(RESISTORS)
    wrong = tmp_path / "wrong.va"
    wrong.write_text(THRESHOLD.read_text().replace("v/resistance;", "v/resistence;"))
    with pytest.raises(CompileError, match="'resistence' was not found"):
        VerilogAFile(wrong)
    lone = tmp_path / "lone.va"
    lone.write_text('`include "disciplines.vams"\nmodule lone(a); inout a; electrical a;\n'
                    "analog I(a) <+ V(a);\nendmodule\n")  # fmt: skip
    with pytest.raises(UsageError, match="'lone' has the terminals a; expected plus and minus"):
        VerilogAFile(lone)


def test_an_unclear_state_has_to_be_named(tmp_path):
    two = tmp_path / "two.va"
    text = THRESHOLD.read_text().replace("electrical p, n, x;", "electrical p, n, x, heat;")
    heating = "    I(heat) <+ V(heat) + ddt(1e-6*V(heat)) - v*v/resistance;\n"
    two.write_text(text.replace("    $bound", heating + "    $bound"))
    with pytest.raises(UsageError, match="may be any of x, heat: pass state"):
        VerilogAFile(two)
    assert VerilogAFile(two, state="heat").state == "heat"
    assert VerilogAFile(two, state="").state_vector("x0.xmemristor", "state0") == ""


def test_a_state_that_ngspice_forgets_is_noticed(tmp_path):
    """The start of idt() is lost in the first time step of a transient (ngspice 46)."""
    text = THRESHOLD.read_text()
    equation = text[text.index("    I(x) <+ ddt") : text.index("    $bound")]
    file = tmp_path / "integral.va"
    file.write_text(text.replace(equation, "    V(x) <+ idt(rate, x_init);\n"))
    with pytest.raises(UsageError, match="any of x, implicit_equation_0"):
        VerilogAFile(file)
    for asked in ({"initial_state_parameter": "x_init"}, {}):
        device = VerilogAFile(file, state="x", **asked)
        with pytest.raises(SimulationError, match=r"is 0\.1 at the start and 0 one time step"):
            mc.iv_loop(device, amplitude=0.1, frequency=1e3)
