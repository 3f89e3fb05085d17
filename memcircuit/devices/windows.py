"""Window functions: they stop the state at the end it moves towards.

The windows of D. B. Strukov et al., Nature 453:80 (2008), doi:10.1038/nature06932; Y. N. Joglekar,
S. J. Wolf, Eur. J. Phys. 30:661 (2009), doi:10.1088/0143-0807/30/4/001; Z. Biolek, D. Biolek,
V. Biolkova, Radioengineering 18:210 (2009); T. Prodromakis et al., IEEE Trans. Electron Devices
58:3099 (2011), doi:10.1109/TED.2011.2158004:

    strukov      f = s (1 - s)
    joglekar     f = 1 - (2s - 1)^(2p)
    biolek       f = 1 - s^(2p) upwards, 1 - (1 - s)^(2p) downwards
    prodromakis  f = j (1 - [(s - 1/2)^2 + 3/4]^p)
    none         f = 1, closed over the last hundredth before the end ahead

Upwards is towards s = 1, the low-resistance state; the sign of the voltage that moves the state
upwards is the model's. A symmetric window is zero at both ends and would hold a state there for
ever (boundary lock). It is therefore evaluated at a state that keeps the distance ``end_release``
from the end behind: f(max(s, end_release)) upwards, f(min(s, 1 - end_release)) downwards. All
other states see the window as published, and the end ahead still closes.
"""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from memcircuit.devices.definition import Parameter, Quantity, S, choice

#: Names of the windows; a model that knows more puts them behind.
WINDOWS = ("none", "strukov", "joglekar", "biolek", "prodromakis")
#: Which window.
WINDOW = choice("window", 3, "window that stops the state at the end ahead", WINDOWS)
#: Exponent of the window.
P = Parameter(
    "p", 2.0, "1", "window exponent: 2p in joglekar and biolek, p in prodromakis", 0.5, 20
)  # fmt: skip
#: What every model with windows declares beside ``WINDOW`` and ``P``.
SHAPE = (
    Parameter(
        "j", 1.0, "1", "scale of the prodromakis window", 0, low_open=True, optional=True
    ),
    Parameter(
        "end_release", 1e-3, "1", "least distance from the end behind that symmetric windows see",
        1e-6, 0.1, optional=True,
    ),
)  # fmt: skip
_P, _J, _RELEASE = P.symbol, SHAPE[0].symbol, SHAPE[1].symbol

# Distance before the end ahead over which a model without window stops: the simulator's step
# control lets the state miss a kink by up to a thousandth, which must not carry it over the end.
_STOP = sp.Float(0.01)

_SEEN_UP = Quantity(
    "seen_up", sp.Max(S, _RELEASE), "1", "state that a symmetric window sees on the way to s = 1"
)
_SEEN_DOWN = Quantity(
    "seen_down", sp.Min(S, 1 - _RELEASE), "1", "state that it sees on the way to s = 0"
)


def stop(distance: sp.Expr) -> sp.Expr:
    """Return a factor that is 1 but falls to zero over the last hundredth before an end.

    Args:
        distance: from the end, in units of the state.
    """
    near = sp.Min(distance / _STOP, 1)
    return near * (2 - near)


def _strukov(s: sp.Symbol) -> sp.Expr:
    return s * (1 - s)


def _joglekar(s: sp.Symbol) -> sp.Expr:
    # the power of a magnitude: real exponents take no negative base
    return 1 - sp.Max(2 * s - 1, 1 - 2 * s) ** (2 * _P)


def _prodromakis(s: sp.Symbol) -> sp.Expr:
    return _J * (1 - ((s - sp.Rational(1, 2)) ** 2 + sp.Rational(3, 4)) ** _P)


def windows(
    chosen: Parameter = WINDOW, further: tuple[tuple[sp.Expr, sp.Expr], ...] = ()
) -> tuple[Quantity, ...]:
    """Return the quantities of a model with windows; the last two are the windows themselves.

    Args:
        chosen: the parameter that chooses; its choices are ``WINDOWS`` and then ``further``.
        further: windows of that model alone: upwards and downwards, for each further choice.

    Returns:
        helpers, then ``window_up`` and ``window_down``: factors of the rate on the way to s = 1
        and to s = 0.
    """
    up = [
        stop(1 - S), *_symmetric(_SEEN_UP, _strukov, _joglekar),
        1 - S ** (2 * _P), *_symmetric(_SEEN_UP, _prodromakis),
        *(pair[0] for pair in further),
    ]  # fmt: skip
    down = [
        stop(S), *_symmetric(_SEEN_DOWN, _strukov, _joglekar),
        1 - (1 - S) ** (2 * _P), *_symmetric(_SEEN_DOWN, _prodromakis),
        *(pair[1] for pair in further),
    ]  # fmt: skip
    return (
        _SEEN_UP,
        _SEEN_DOWN,
        Quantity("window_up", _chosen(chosen, up), "1", "window on the way to s = 1"),
        Quantity("window_down", _chosen(chosen, down), "1", "window on the way to s = 0"),
    )


def _symmetric(seen: Quantity, *functions: Callable[[sp.Symbol], sp.Expr]) -> list[sp.Expr]:
    return [function(seen.symbol) for function in functions]


def _chosen(parameter: Parameter, branches: list[sp.Expr]) -> sp.Expr:
    *first, last = branches
    return sp.Piecewise(
        *((branch, parameter.symbol < sp.Float(i + 0.5)) for i, branch in enumerate(first)),
        (last, True),
    )
