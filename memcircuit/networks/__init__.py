"""Networks of memristors: weights on cells, what cells do to them, and training by pulses."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from memcircuit.networks.ageing import Drift
    from memcircuit.networks.converters import Converter
    from memcircuit.networks.convolution import Conv2d
    from memcircuit.networks.cost import Cost, network_cost
    from memcircuit.networks.cost_figures import CitedFigure, Technology
    from memcircuit.networks.datasets import (
        LabelledImages,
        load_emnist_letters,
        load_fashion_mnist,
        load_letters_subset,
        load_mnist,
    )
    from memcircuit.networks.dense import Activation, Dense, Flatten
    from memcircuit.networks.digits import Digits, load_digits
    from memcircuit.networks.evaluation import Evaluation, evaluate
    from memcircuit.networks.faults import Faults
    from memcircuit.networks.float_reference import FloatResult, train_float
    from memcircuit.networks.hardware import Hardware
    from memcircuit.networks.importers import from_arrays, from_onnx, from_sklearn, from_torch
    from memcircuit.networks.labelled import split
    from memcircuit.networks.layer import Layer
    from memcircuit.networks.mapping import Mapping
    from memcircuit.networks.network import Network
    from memcircuit.networks.network_file import load_network, save_network
    from memcircuit.networks.perceptron import Perceptron
    from memcircuit.networks.pooling import AveragePool2d, MaxPool2d
    from memcircuit.networks.programmed import LayerError, ProgrammedNetwork, program
    from memcircuit.networks.pulse_rules import (
        MixedPrecision,
        PulseRule,
        SignPulses,
        StochasticPulses,
        WriteVerifyPulses,
    )
    from memcircuit.networks.pulse_training import train
    from memcircuit.networks.recurrent import LSTM, Elman
    from memcircuit.networks.rule_choice import RatedRule, rate_rules
    from memcircuit.networks.spread import Spread
    from memcircuit.networks.synapse_array import SynapseArray, preset_conductance
    from memcircuit.networks.training_result import LearningCurve, TrainingResult

# Each loads on first use: a network that is only evaluated needs nothing of training.
_HOMES = {
    "Activation": "dense",
    "AveragePool2d": "pooling",
    "CitedFigure": "cost_figures",
    "Conv2d": "convolution",
    "Converter": "converters",
    "Cost": "cost",
    "Dense": "dense",
    "Digits": "digits",
    "Drift": "ageing",
    "Elman": "recurrent",
    "Evaluation": "evaluation",
    "Faults": "faults",
    "Flatten": "dense",
    "FloatResult": "float_reference",
    "Hardware": "hardware",
    "LSTM": "recurrent",
    "LabelledImages": "datasets",
    "Layer": "layer",
    "LayerError": "programmed",
    "LearningCurve": "training_result",
    "Mapping": "mapping",
    "MaxPool2d": "pooling",
    "MixedPrecision": "pulse_rules",
    "Network": "network",
    "Perceptron": "perceptron",
    "ProgrammedNetwork": "programmed",
    "PulseRule": "pulse_rules",
    "RatedRule": "rule_choice",
    "SignPulses": "pulse_rules",
    "Spread": "spread",
    "StochasticPulses": "pulse_rules",
    "SynapseArray": "synapse_array",
    "Technology": "cost_figures",
    "TrainingResult": "training_result",
    "WriteVerifyPulses": "pulse_rules",
    "evaluate": "evaluation",
    "from_arrays": "importers",
    "from_onnx": "importers",
    "from_sklearn": "importers",
    "from_torch": "importers",
    "load_digits": "digits",
    "load_emnist_letters": "datasets",
    "load_fashion_mnist": "datasets",
    "load_letters_subset": "datasets",
    "load_mnist": "datasets",
    "load_network": "network_file",
    "network_cost": "cost",
    "preset_conductance": "synapse_array",
    "program": "programmed",
    "rate_rules": "rule_choice",
    "save_network": "network_file",
    "split": "labelled",
    "train": "pulse_training",
    "train_float": "float_reference",
}

__all__ = [
    "LSTM",
    "Activation",
    "AveragePool2d",
    "CitedFigure",
    "Conv2d",
    "Converter",
    "Cost",
    "Dense",
    "Digits",
    "Drift",
    "Elman",
    "Evaluation",
    "Faults",
    "Flatten",
    "FloatResult",
    "Hardware",
    "LabelledImages",
    "Layer",
    "LayerError",
    "LearningCurve",
    "Mapping",
    "MaxPool2d",
    "MixedPrecision",
    "Network",
    "Perceptron",
    "ProgrammedNetwork",
    "PulseRule",
    "RatedRule",
    "SignPulses",
    "Spread",
    "StochasticPulses",
    "SynapseArray",
    "Technology",
    "TrainingResult",
    "WriteVerifyPulses",
    "evaluate",
    "from_arrays",
    "from_onnx",
    "from_sklearn",
    "from_torch",
    "load_digits",
    "load_emnist_letters",
    "load_fashion_mnist",
    "load_letters_subset",
    "load_mnist",
    "load_network",
    "network_cost",
    "preset_conductance",
    "program",
    "rate_rules",
    "save_network",
    "split",
    "train",
    "train_float",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f"memcircuit.networks.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'memcircuit.networks' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
