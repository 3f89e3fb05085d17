"""Networks of memristors: the digits they read, and training by pulses."""

from memcircuit.networks.digits import Digits, load_digits, split
from memcircuit.networks.float_reference import FloatResult, train_float
from memcircuit.networks.pulse_training import PulseRule, TrainingResult, train
from memcircuit.networks.rule_choice import RatedRule, rate_rules
from memcircuit.networks.synapse_array import StuckDevices, SynapseArray, preset_conductance

__all__ = [
    "Digits",
    "FloatResult",
    "PulseRule",
    "RatedRule",
    "StuckDevices",
    "SynapseArray",
    "TrainingResult",
    "load_digits",
    "preset_conductance",
    "rate_rules",
    "split",
    "train",
    "train_float",
]
