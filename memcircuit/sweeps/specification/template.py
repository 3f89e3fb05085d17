"""A sweep file to start from, for each experiment."""

from __future__ import annotations

from memcircuit.sweeps.registry import experiment_of
from memcircuit.sweeps.specification.argument_values import Arguments
from memcircuit.sweeps.specification.devices import EQUATIONS
from memcircuit.sweeps.target import Target

_DEVICE = '[device]\ncard = "lin2022_hfo2"  # or the path of a card beside this file\n'
_FILE = """# or instead of a card:
# verilog_a = "own.va"  # beside this file, with what of it is needed:
# module = "own"
# parameters = { r_on = "1kohm" }
# initial_state_parameter = "x0"
# state = "x"  # where it shows: third terminal, internal node or output variable
# state_range = [0, 1]  # the module's values at state 0 and at state 1
"""
_NETWORK = '[network]\ndata = "digits"\n# file = "network.npz"  # of save_network\n'
_CELL = '[cell]\nkind = "1t1r"\n'
_ARRAY = '[array]\nrows = 8\ncolumns = 8\nwires = "2ohm"\n'
# Of arguments that must be given.
_NEEDED = {
    "targets": '["50uS", "100uS"]',
    "times": '["1s", "1000s"]',
    "reads": "1000",
    "states": "0.2",
    "selected": "[0, 0]",
    "pulse": '{ amplitude = "1.8V", width = "1us" }',
    "pulses": '[{ amplitude = "1.8V", width = "1us", count = 3 }]',
    "count": "3",
    "rows": '"0.2V"',
    "v": "[0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2]",
    "sizes": "[8, 16]",
}
# Of arguments that must be given beside these, by experiment: constant drives have no end.
_BESIDE = {"drive_array": {"stop": '"1us"'}}
# Of arguments that may be left out.
_SHOWN = {
    "sweep": '{ triangle = ["1.2V", "-1.5V"], rate = "1V/s" }',
    "stimulus": '{ amplitude_staircase = { amplitude = "1V", width = "1us" }, stop = "1.8V", '
    "count = 9 }",
    "columns": '"open"  # or V, { pulses = [...], gap = "1us" }, or a list of one a line',
}
# A result of each experiment, and how one number may be made of it.
_KEPT = {
    "pulse_train": 'of = "conductance", at = { pulse = -1 }',
    "iv_loop": 'of = "current", max = "phase"',
    "iv_family": 'of = "conductance_set", max = "curve"',
    "pulse_cycles": 'of = "conductance", at = { pulse = -1 }, std = ["device", "cycle"]',
    "pulse_statistics": 'of = "conductance", at = { pulse = -1 }, std = ["device", "cycle"]',
    "write_verify_cells": 'of = "pulses", mean = "cell"',
    "linearise": 'of = "nonlinearity", at = { correction = -1 }, max = "direction"',
    "retention": 'of = "change", at = { time = -1 }, mean = "cell"',
    "read_disturb": 'of = "change", at = { read = -1 }, max = ["voltage", "initial_state"]',
    "read_margin": 'of = "margin", at = { size = -1 }, max = "bias"',
    "half_select_disturb": 'of = "movement", at = { pulse = -1, cells = 0 }, max = "bias"',
    "settle_read": 'of = "settling_time", max = "column"',
    "drive_array": 'of = "cell_energy", sum = ["row", "column"]',
    "program_pulses": 'of = "movement", max = ["row", "column"]',
    "write_verify": 'of = "pulses", sum = "cell"',
    "evaluate": 'of = "accuracy", mean = "seed"',
}
_CELL_TARGETS = '[{ row = 0, column = 0, target = "50uS" }]'


def template(name: str) -> str:
    """Return a sweep file of an experiment, with every argument that it takes.

    Args:
        name: of the experiment.

    Raises:
        UsageError: no such experiment.
    """
    experiment = experiment_of(name)
    parts = [f'experiment = "{name}"\nseed = 1\n', _DEVICE if experiment.subject else _NETWORK]
    if experiment.subject and name not in EQUATIONS:
        parts[-1] += _FILE
    if experiment.subject == "array":
        parts.append(_ARRAY)
    elif experiment.subject and name != "pulse_statistics":  # that of a bare memristor
        parts.append(_CELL)
    arguments = Arguments(Target(experiment, {}))
    lines = []
    for argument in arguments.names:
        parameter = experiment.signature.parameters.get(argument)
        needed = parameter is not None and parameter.default is parameter.empty
        unit = arguments.unit(argument)
        told = "" if unit in ("", "1") else f"  # {unit}"
        if argument in _BESIDE.get(name, {}):
            lines.append(f"{argument} = {_BESIDE[name][argument]}{told}")
        elif needed:
            per_cell = name == "write_verify" and argument == "targets"
            lines.append(f"{argument} = {_CELL_TARGETS if per_cell else _NEEDED[argument]}{told}")
        else:
            shown = f" {_SHOWN[argument]}" if argument in _SHOWN else ""
            lines.append(f"# {argument} ={shown or told}")
    swept = '"device.k_set" = { from = "0.01 1/s", to = "0.04 1/s", count = 4 }'
    if not experiment.subject:
        lines.append("faults = { stuck_off = 0.01 }")
        swept = '"faults.stuck_off" = [0.0, 0.01, 0.02, 0.05]'
    parts += ["\n".join(["[arguments]", *lines, ""]), f"[grid]\n{swept}\n"]
    if name in _KEPT:
        parts.append(
            f"# [measure]  # what is kept; all of it without\n# kept = {{ {_KEPT[name]} }}\n"
        )
    return "\n".join(parts)
