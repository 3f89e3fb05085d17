"""Expressions that many models share: exponentials that cannot overflow, thermal activation."""

from __future__ import annotations

import sympy as sp

from memcircuit.devices.definition import Parameter, Quantity

#: Boltzmann's constant over the elementary charge, V/K (exact in the SI of 2019).
BOLTZMANN_VOLTAGE = 1.380649e-23 / 1.602176634e-19

# Beyond this argument exponentials of a wild Newton iterate are held constant: e^80 = 5.5e34.
EXPONENT_LIMIT = 80


def limited(argument: sp.Expr) -> sp.Expr:
    """Return the argument of an exponential, held within +-80 so that no iterate overflows."""
    return sp.Min(sp.Max(argument, -EXPONENT_LIMIT), EXPONENT_LIMIT)


def limited_exp(argument: sp.Expr) -> sp.Expr:
    """Return exp(argument), held constant beyond +-80."""
    return sp.exp(limited(argument))


def limited_sinh(argument: sp.Expr) -> sp.Expr:
    """Return sinh(argument), held constant beyond +-80."""
    return sp.sinh(limited(argument))


#: Ambient temperature; a model whose equations hold no temperature is scaled by ``ACTIVATION``.
TEMPERATURE = Parameter(
    "temperature", 300.0, "K", "ambient temperature", 100, 1000, optional=True
)  # fmt: skip
_E_RATE = Parameter(
    "e_rate", 0.0, "V",
    "activation energy of the state's motion over e; 0: the same at every temperature",
    0, 5, optional=True,
)  # fmt: skip
_NOMINAL = 300.0  # K, where parameters of models without a temperature of their own hold

#: Parameters of thermal activation, for models whose equations hold no temperature.
THERMAL = (TEMPERATURE, _E_RATE)
#: Factor of the rate at ``temperature`` against 300 K (Arrhenius).
ACTIVATION = Quantity(
    "activation",
    limited_exp(
        _E_RATE.symbol
        / sp.Float(BOLTZMANN_VOLTAGE)
        * (1 / sp.Float(_NOMINAL) - 1 / TEMPERATURE.symbol)
    ),
    "1",
    "thermal activation of the rate against 300 K",
)
