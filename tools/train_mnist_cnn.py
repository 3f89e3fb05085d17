"""Train the small CNN of `memcircuit/studies/data/mnist_cnn.npz` with PyTorch.

usage: python tools/train_mnist_cnn.py [SEED ...]

Network and recipe are those of CrossSim's tutorial (sandialabs/cross-sim,
tutorial/ISCA2024/isca24_codesign.ipynb, part 3): two convolutions of 3 x 3 with stride 2 and 8 and
16 kernels, ReLU, a fully connected layer of 576 x 10; Adam at 1e-3 with batches of 64 for 20 epochs
on a random 80 % of the training images, pixels 0 to 1. Of the seeds given, the network with the
best accuracy on the other 20 % is stored. PyTorch and memcircuit must be installed.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch

from memcircuit.networks.datasets import LabelledImages, load_mnist

EPOCHS, BATCH, RATE = 20, 64, 1e-3
VALIDATION = 12_000
TARGET = Path(__file__).parents[1] / "memcircuit/studies/data/mnist_cnn.npz"


def tensors(digits: LabelledImages) -> tuple[torch.Tensor, torch.Tensor]:
    """Pixels 0 to 1 as (images, 1, 28, 28), and labels."""
    return torch.from_numpy(digits.grey((1, 28, 28))), torch.from_numpy(digits.labels)


def accuracy(net: torch.nn.Module, images: torch.Tensor, labels: torch.Tensor) -> float:
    """Share of images whose largest output is their class."""
    with torch.no_grad():
        right = [
            int((net(images[i : i + 1000]).argmax(1) == labels[i : i + 1000]).sum())
            for i in range(0, len(images), 1000)
        ]
    return sum(right) / len(images)


def trained(seed: int, images: torch.Tensor, labels: torch.Tensor) -> tuple[torch.nn.Module, float]:
    """A network trained from this seed, and its accuracy on the held-out training images."""
    torch.manual_seed(seed)
    order = torch.randperm(len(images))
    kept, held = order[VALIDATION:], order[:VALIDATION]
    net = torch.nn.Sequential(
        torch.nn.Conv2d(1, 8, 3, stride=2), torch.nn.ReLU(),
        torch.nn.Conv2d(8, 16, 3, stride=2), torch.nn.ReLU(),
        torch.nn.Flatten(), torch.nn.Linear(576, 10),
    )  # fmt: skip
    optimiser = torch.optim.Adam(net.parameters(), lr=RATE)
    for _ in range(EPOCHS):
        for batch in kept[torch.randperm(len(kept))].split(BATCH):
            optimiser.zero_grad()
            loss = torch.nn.functional.cross_entropy(net(images[batch]), labels[batch])
            loss.backward()
            optimiser.step()
    return net, accuracy(net, images[held], labels[held])


def main() -> None:
    """Train, print accuracies, store the best."""
    seeds = [int(given) for given in sys.argv[1:]] or [0, 1, 2]
    training, test = (tensors(part) for part in load_mnist())
    found: list[tuple[float, int, dict[str, Any]]] = []
    for seed in seeds:
        net, held = trained(seed, *training)
        print(f"seed {seed}: validation {held:.4f}, test {accuracy(net, *test):.4f}", flush=True)
        found.append((held, seed, {k: v.numpy() for k, v in net.state_dict().items()}))
    _, seed, state = max(found, key=lambda one: one[0])
    np.savez_compressed(TARGET, **state)
    print(f"stored seed {seed} in {TARGET}, torch {torch.__version__}, numpy {np.__version__}")


if __name__ == "__main__":
    main()
