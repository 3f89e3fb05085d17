"""A designer's own Verilog-A file as a device for cells, experiments and arrays in ngspice."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from memcircuit.devices.device import Form
from memcircuit.devices.printing import number
from memcircuit.errors import ParameterError, UsageError
from memcircuit.simulate.module_arguments import (
    START,
    check_terminals,
    checked_range,
    checked_state,
    chosen_module,
    known_parameter,
    listed,
    parameter_numbers,
    place_of_state,
    set_up,
    start_state,
    state_places,
)
from memcircuit.simulate.osdi_module import OsdiModule, osdi_modules

_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")


@dataclass(frozen=True, init=False)
class VerilogAFile:
    """A module of a Verilog-A file, with its parameters and pins read from the compiled module.

    It exists in the netlist form "osdi" only. In a circuit it is a subcircuit ``name`` with the
    pins plus and minus, the module's first two terminals, and state: the third terminal of a
    module that has one, to be left open, or a pin without meaning.

    The state of datasets is what the module keeps in its third terminal, in an internal node or
    in an output variable, mapped to 0 ... 1 by ``state_range``.

    Multipliers: each instance may scale the parameters named in ``varies`` by ``m_NAME``, 1 by
    default; the module's own defaults that depend on one of them follow it. Where one of these,
    or the initial state, is a parameter of the model card, every instance has a model card of its
    own. A parameter that varies counts as given (``$param_given``).

    Attributes:
        path: the Verilog-A file.
        module: name of the module.
        name: subcircuit name.
        parameters: values that were given, SI or whatever unit the module states.
        initial_state_parameter: the module's parameter for the state at the start; empty for none.
        initial_state: state of an instance that is given none; 0, and without meaning, for a
            module without such a parameter.
        state: terminal, internal node or output variable that is the state; empty for none.
        state_range: the module's value at state 0 and at state 1.
        varies: parameters that instances may scale.
        transistor: name of the access transistor of a 1T1R cell; empty for the cell's default.
        citation: where the model comes from.
        compiled: what the compiled module says of itself; the values of its parameters are those
            of this device.
    """

    path: Path
    module: str
    name: str
    parameters: Mapping[str, float]
    initial_state_parameter: str
    initial_state: float
    state: str
    state_range: tuple[float, float]
    varies: tuple[str, ...]
    transistor: str
    citation: str
    compiled: OsdiModule = field(init=False, repr=False, compare=False)

    def __init__(
        self,
        path: str | Path,
        *,
        module: str | None = None,
        name: str | None = None,
        parameters: Mapping[str, float] | None = None,
        initial_state_parameter: str = "",
        initial_state: float | None = None,
        state: str | None = None,
        state_range: tuple[float, float] = (0.0, 1.0),
        varies: Sequence[str] | None = None,
        transistor: str = "",
        citation: str | None = None,
    ) -> None:
        """Compile the file and read the module.

        Args:
            path: the Verilog-A file.
            module: name of the module; may be left out when the file holds one.
            name: subcircuit name; the module's in lower case when None.
            parameters: values by name, of the model card or of all instances alike.
            initial_state_parameter: parameter of the module that says where its state starts;
                without one, circuits cannot give cells an initial state.
            initial_state: state of an instance that is given none, 0 ... 1; by the module's own
                default when None.
            state: third terminal, internal node or output variable that is the state, empty for
                none; when None the third terminal, or else the only named internal node whose
                rate of change stands in an equation, or else none.
            state_range: the module's value at state 0 and at state 1, such as ``(1.7, 0.2)`` for
                a gap in nm; also that of its initial state parameter.
            varies: real parameters that instances may scale; all instance parameters but the
                initial state when None.
            transistor: name of the access transistor of a 1T1R cell.
            citation: where the model comes from; the file's name when None.

        Raises:
            UsageError: the file cannot be read, it holds several modules and none is named, the
                module is no memristor's, or its state is not clear.
            ParameterError: a parameter is unknown, is no number, or is refused by the module.
            CompileError: the compiler refused the file.
            ToolMissingError: there is no compiler.
        """
        if not isinstance(path, str | Path):
            raise UsageError(f"{path!r} is no path of a Verilog-A file")
        if not isinstance(parameters, Mapping | None):
            raise UsageError(f"parameters = {parameters!r} must map names to values")
        source = Path(path).absolute()
        default = chosen_module(source, osdi_modules(source), module)
        check_terminals(source, default)
        chosen = default.name.lower() if name is None else name
        if not isinstance(chosen, str) or not _NAME.match(chosen):
            raise UsageError(f"{source}: device name {chosen!r} must match [a-z][a-z0-9_]*")
        given = parameter_numbers(default, dict(parameters or {}))
        ends = checked_range(state_range)
        start = initial_state_parameter
        if start in given:
            raise ParameterError(f"parameter {start!r} is the {START}: pass initial_state=...")
        begin = start_state(source, default, given, start, initial_state, ends)
        values = {
            "path": source,
            "module": default.name,
            "name": chosen,
            "parameters": given,
            "initial_state_parameter": start,
            "initial_state": begin,
            "state": place_of_state(source, default, state),
            "state_range": ends,
            "transistor": transistor,
            "citation": f"module {default.name} of {source.name}" if citation is None else citation,
        }
        for key, value in values.items():
            object.__setattr__(self, key, value)
        own_values = {**given, **self._start(begin)}
        object.__setattr__(self, "compiled", set_up(source, default, own_values))
        object.__setattr__(self, "varies", self._varying(varies))

    @property
    def pins(self) -> tuple[str, str, str]:
        """Pins of the subcircuit."""
        return ("plus", "minus", "state")

    @property
    def multipliers(self) -> tuple[str, ...]:
        """Parameters of an instance that scale the parameters of ``varies``, 1 by default."""
        return tuple(f"m_{name}" for name in self.varies)

    @property
    def card(self) -> None:
        """No card: experiments have to be given amplitudes, pulses and gate voltages."""
        return

    @property
    def takes_initial_state(self) -> bool:
        """Whether a circuit can say where the state of a cell starts."""
        return bool(self.initial_state_parameter)

    @property
    def bounds_step(self) -> bool:
        """Whether the module limits the simulator's time step (``$bound_step``)."""
        return self.compiled.bounds_step

    def with_parameters(self, **changed: float) -> VerilogAFile:
        """Return the same device with some parameters changed."""
        return VerilogAFile(
            self.path,
            module=self.module,
            name=self.name,
            parameters={**self.parameters, **changed},
            initial_state_parameter=self.initial_state_parameter,
            initial_state=self.initial_state if self.takes_initial_state else None,
            state=self.state,
            state_range=self.state_range,
            varies=self.varies,
            transistor=self.transistor,
            citation=self.citation,
        )

    def verilog_a(self, form: Form) -> tuple[Path, ...]:
        """Return the Verilog-A files that a deck of that form needs compiled and loaded.

        Raises:
            UsageError: any form but "osdi".
        """
        self._refuse_other_forms(form)
        return (self.path,)

    def include_lines(self, form: Form) -> list[str]:
        """Return what a deck needs once: model card and subcircuit.

        Raises:
            UsageError: any form but "osdi".
        """
        self._refuse_other_forms(form)
        on_card, on_instance = self._assignments("model"), self._assignments("instance")
        model = f".model {self.name}_card {self.module}{_joined(on_card)}"
        of_instance = any("{" in text for text in on_card.values())
        head = f".subckt {self.name} plus minus state x0={number(self.initial_state)}"
        terminals = "plus minus state"[: 10 if len(self.compiled.terminals) == 2 else None]
        return [
            *([] if of_instance else [model]),
            head + "".join(f" {multiplier}=1" for multiplier in self.multipliers),
            *([model] if of_instance else []),
            f"Nmodel {terminals} {self.name}_card{_joined(on_instance)}",
            # a pin that nothing is connected to would not be a node
            *(["Rstate state 0 1"] if len(self.compiled.terminals) == 2 else []),
            ".ends",
        ]

    def instance(
        self,
        label: str,
        nodes: Sequence[str],
        initial_state: float | None = None,
        variation: Mapping[str, float] | None = None,
    ) -> str:
        """Return the netlist line of one instance; arguments are those of ``Device.instance``."""
        unknown = [name for name in variation or {} if name not in self.multipliers]
        if len(nodes) != len(self.pins) or unknown:
            wrong = f"no multiplier {unknown[0]!r}" if unknown else f"{len(nodes)} nodes"
            raise UsageError(
                f"instance {label} of {self.name!r}: {wrong}; there are the pins {self.pins} and "
                f"the multipliers {listed(self.multipliers)}"
            )
        if initial_state is not None and not self.takes_initial_state:
            raise UsageError(f"instance {label}: {self.name!r} has no {START}")
        state = self.initial_state if initial_state is None else checked_state(initial_state)
        own = {"x0": number(state), **{k: number(v) for k, v in (variation or {}).items()}}
        return f"X{label} {' '.join(nodes)} {self.name}{_joined(own)}"

    def state_vector(self, place: str, node: str) -> str:
        """Return the vector that holds the state of one instance; empty for a device without.

        Args:
            place: the instance in the circuit, such as ``x0.xmemristor``.
            node: what its state pin is connected to.
        """
        kind = state_places(self.compiled).get(self.state)
        vectors = {
            "terminal": f"v({node})",
            "node": f"n.{place}.nmodel#{self.state}",
            "output": f"@n.{place}.nmodel[{self.state}]",
        }
        return "" if kind is None else vectors[kind]

    def _refuse_other_forms(self, form: Form) -> None:
        if form != "osdi":
            raise UsageError(
                f"device {self.name!r} has no form {form!r}: it is the Verilog-A file {self.path}, "
                "which runs as 'osdi' only (that needs a Verilog-A compiler, and an ngspice that "
                "loads what it writes: memcircuit doctor)"
            )

    def _start(self, state: float) -> dict[str, float]:
        low, high = self.state_range
        name = self.initial_state_parameter
        return {name: low + state * (high - low)} if name else {}

    def _varying(self, given: Sequence[str] | None) -> tuple[str, ...]:
        own = self.initial_state_parameter
        if given is None:
            return tuple(
                p.name
                for p in self.compiled.parameters
                if p.kind == "instance" and p.type == "real" and p.name != own and p.value
            )
        if isinstance(given, str):
            raise UsageError(f"varies = {given!r}: expected a list of names")
        for name in given:
            parameter = known_parameter(self.compiled, name, "varies")
            if parameter.type != "real" or name == own or not parameter.value:
                raise ParameterError(
                    f"varies: {name} = {parameter.value!r} of module {self.module!r} cannot be "
                    "scaled; expected a real parameter, not 0, that is not the initial state"
                )
        return tuple(dict.fromkeys(given))

    def _assignments(self, kind: Literal["model", "instance"]) -> dict[str, str]:
        """Return text by name, of what the card or the instance line of the netlist assigns."""
        low, high = self.state_range
        texts = {}
        for parameter in self.compiled.parameters:
            if parameter.kind != kind:
                continue
            value = parameter.value
            if parameter.name == self.initial_state_parameter:
                plain = (low, high) == (0.0, 1.0)
                mapped = f"{number(low)}+({number(high - low)})*x0"
                texts[parameter.name] = "{x0}" if plain else f"{{{mapped}}}"
            elif parameter.name in self.varies:
                texts[parameter.name] = f"{{m_{parameter.name}*({number(float(value))})}}"
            elif parameter.name in self.parameters:
                text = str(value) if parameter.type == "integer" else number(float(value))
                texts[parameter.name] = text
        return texts


def _joined(texts: Mapping[str, str]) -> str:
    return "".join(f" {name}={text}" for name, text in texts.items())
