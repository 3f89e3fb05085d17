"""Published images with labels: found in a folder, or fetched from their official places."""

from memcircuit.networks.datasets.catalogue import (
    EMNIST_LETTERS,
    FASHION_MNIST,
    MNIST,
    load_emnist_letters,
    load_fashion_mnist,
    load_mnist,
)
from memcircuit.networks.datasets.idx import read_idx
from memcircuit.networks.datasets.images import LabelledImages
from memcircuit.networks.datasets.letters import load_letters_subset
from memcircuit.networks.datasets.published import Archive, IdxDataset, IdxFile, load_dataset

__all__ = [
    "EMNIST_LETTERS",
    "FASHION_MNIST",
    "MNIST",
    "Archive",
    "IdxDataset",
    "IdxFile",
    "LabelledImages",
    "load_dataset",
    "load_emnist_letters",
    "load_fashion_mnist",
    "load_letters_subset",
    "load_mnist",
    "read_idx",
]
