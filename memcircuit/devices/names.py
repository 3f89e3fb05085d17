"""Which names a model, its parameters and its quantities may have in every form."""

from __future__ import annotations

import keyword
import re

_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*\Z")
#: Names the writers use themselves; multipliers of instances begin with m_.
_OWN = {
    "v", "s", "x0", "state", "plus", "minus", "current", "rate", "s_free", "time", "v_inner",
    "inner", "balance", "clipped", "restoring",
}  # fmt: skip
#: Words of Verilog-AMS and of ngspice's expressions that could pass for a name.
_LANGUAGE = frozenset(
    re.findall(
        r"\w+",
        """
        abs access acos aliasparam always analog analysis and asin assign atan begin branch
        buf case cell ceil config connect cos cosh cross ddt ddx deassign default defparam
        delay disable discipline edge else end endcase enum event exclude exp floor flow for
        force forever fork from function generate ground highz if inf initial inout input
        integer join laplace large limexp ln localparam log max medium min module nand
        nature negedge noise nor not or output parameter posedge potential pow primitive
        pull pulldown pullup rand real realtime reg release repeat sin sinh slew small
        specify sqrt static strong string supply table tan tanh task temper then timer
        transition tri units use vectored wait wand weak while white wire wor wreal xnor xor
        """,
    )
)


def is_usable(name: str) -> bool:
    """Whether Verilog-A, ngspice and Python can all carry the name."""
    taken = name in _OWN or name in _LANGUAGE or keyword.iskeyword(name)
    return bool(_IDENTIFIER.match(name)) and not taken and not name.startswith("m_")
