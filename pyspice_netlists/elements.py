"""PySpice elements that PySpice itself lacks."""

from __future__ import annotations

from typing import Any

from PySpice.Spice.Netlist import Netlist, NPinElement


class OsdiElement(NPinElement):  # type: ignore[misc]
    """Instance of a device compiled from Verilog-A (ngspice element letter N).

    Args:
        netlist: circuit or subcircuit it is added to.
        name: instance name behind the N.
        nodes: one node per port of the module, in the module's order.
        model: name of a ``.model`` card whose type is the module.
        **parameters: instance parameters, SI numbers or ``"{expression}"``.
    """

    PREFIX = "N"

    def __init__(
        self, netlist: Netlist, name: str, *nodes: str, model: str, **parameters: float | str
    ) -> None:
        super().__init__(netlist, name, nodes)
        self.model = model
        self.osdi_parameters = parameters

    def format_spice_parameters(self) -> str:
        """Return model and parameters as they stand behind the nodes."""
        return " ".join([self.model, *(f"{k}={text(v)}" for k, v in self.osdi_parameters.items())])


def text(value: Any) -> str:
    """Return a number as ngspice reads it back exactly; a text is left as it is."""
    return value if isinstance(value, str) else repr(float(value))
