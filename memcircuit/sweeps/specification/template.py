"""A sweep file to start from, for each experiment."""

from __future__ import annotations

from memcircuit.sweeps.registry import experiment_of
from memcircuit.sweeps.specification.argument_values import Arguments
from memcircuit.sweeps.target import Target

_DEVICE = '[device]\ncard = "lin2022_hfo2"  # or the path of a card beside this file\n'
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
            lines.append(f"# {argument} ={told}")
    swept = '"device.k_set" = { from = "0.01 1/s", to = "0.04 1/s", count = 4 }'
    if not experiment.subject:
        lines.append("faults = { stuck_off = 0.01 }")
        swept = '"faults.stuck_off" = [0.0, 0.01, 0.02, 0.05]'
    parts += ["\n".join(["[arguments]", *lines, ""]), f"[grid]\n{swept}\n"]
    return "\n".join(parts)
