"""When a device in training receives pulses: one rule per file."""

from memcircuit.networks.pulse_rules.mixed_precision import MixedPrecision
from memcircuit.networks.pulse_rules.rule import PulseRule, Update
from memcircuit.networks.pulse_rules.sign_pulses import SignPulses
from memcircuit.networks.pulse_rules.stochastic_pulses import StochasticPulses
from memcircuit.networks.pulse_rules.write_verify_pulses import WriteVerifyPulses

__all__ = [
    "MixedPrecision",
    "PulseRule",
    "SignPulses",
    "StochasticPulses",
    "Update",
    "WriteVerifyPulses",
]
