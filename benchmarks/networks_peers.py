"""Peers on 784-256-10, each where it is installed beside us."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memcircuit.networks.network import Network

Array = NDArray[np.float32]
Work = Callable[[], object]


def memintelli(images: Array, network: Network) -> Work | None:
    """MemIntelli: weights and inputs in slices of 1, 1, 2 and 4 bits, 5 % of noise, no wires."""
    try:
        import torch
        from memintelli.NN_layers import LinearMem
        from memintelli.pimpy import DPETensor
    except ImportError:
        return None
    torch.set_num_threads(1)
    engine = DPETensor(var=0.05, device=torch.device("cpu"))
    slices = [1, 1, 2, 4]
    layers: list[Any] = []
    for _, matrix in network.matrices():
        layer = LinearMem(engine, *matrix.weights.shape, input_slice=slices, weight_slice=slices)
        layer.weight.data = torch.from_numpy(matrix.weights.T.astype(np.float32))
        layer.update_weight()
        layers.append(layer)
    x = torch.from_numpy(images)

    def outputs() -> object:
        with torch.no_grad():
            return layers[1](torch.relu(layers[0](x)))

    return outputs


def _by_hand(images: Array, network: Network) -> Work | None:  # noqa: ARG001
    """A peer that pip does not install beside us: not offered, or to be compiled by hand."""
    return None


#: By name: what measures it, and what a scratch run of it alone once gave on another machine
#: against plain numpy in the same process, where it is missing.
PEERS: dict[str, tuple[Callable[[Array, Network], Work | None], str]] = {
    "crosssim": (
        _by_hand,
        "3.2.0_once_took_2.3_times_plain_numpy_ideal,2300_with_read_noise,71000_with_wires",
    ),
    "memtorch": (
        _by_hand,
        "memtorch-cpu_1.1.6_once_took_3.6_to_190_times_plain_numpy",
    ),
    "memintelli": (memintelli, "0.0.1.3_once_took_160_to_300_times_plain_numpy"),
}
