"""Networks that were made elsewhere: numpy arrays, scikit-learn, PyTorch, ONNX."""

from memcircuit.networks.importers.arrays import from_arrays
from memcircuit.networks.importers.onnx_file import from_onnx
from memcircuit.networks.importers.pytorch import from_torch
from memcircuit.networks.importers.scikit_learn import from_sklearn

__all__ = ["from_arrays", "from_onnx", "from_sklearn", "from_torch"]
