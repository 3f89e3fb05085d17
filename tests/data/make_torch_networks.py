"""Writes torch_networks.npz: small networks of PyTorch, random inputs, and its own outputs.

Writes two of the networks as torch_<network>.onnx too, as PyTorch's TorchScript exporter has them.

Run where torch is installed: ``python make_torch_networks.py``. The file here was made with torch
2.14.1 on a CPU, in double precision. Keys are "<network>/input", "<network>/output" and
"<network>/state/<name in the state dict>"; test_import_pytorch.py describes the layers.
"""

from pathlib import Path

import numpy as np
import torch
from torch import nn


def convolutional() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(2, 3, (3, 2), stride=(2, 1), padding=(1, 0)),
        nn.BatchNorm2d(3),
        nn.LeakyReLU(),
        nn.MaxPool2d(2, stride=1),
        nn.Sequential(nn.Conv2d(3, 4, (3, 2), padding="same", bias=False), nn.Sigmoid()),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Dropout(),
        nn.Linear(24, 5),
        nn.BatchNorm1d(5),
        nn.Tanh(),
        nn.Linear(5, 3),
        nn.Softmax(1),
    )


class Recurrent(nn.Module):
    """A recurrent part, and a linear layer that reads its last output or every one."""

    def __init__(self, cell: nn.Module, every: bool) -> None:
        super().__init__()
        self.cell, self.read, self.every = cell, nn.Linear(4, 2), every

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (images, 2) or (images, steps, 2)."""
        outputs, _ = self.cell(x)
        return self.read(outputs if self.every else outputs[:, -1])


def main() -> None:
    torch.manual_seed(20261122)
    torch.set_default_dtype(torch.float64)
    networks = {
        "convolutional": (convolutional(), (2, 9, 8)),
        "lstm": (Recurrent(nn.LSTM(3, 4, num_layers=2, batch_first=True), every=False), (6, 3)),
        "rnn": (Recurrent(nn.RNN(3, 4, nonlinearity="relu", batch_first=True), True), (6, 3)),
    }
    found: dict[str, np.ndarray] = {}
    for name, (network, shape) in networks.items():
        network.train()
        network(torch.rand(50, *shape))  # running statistics other than 0 and 1
        network.eval()
        images = torch.rand(4, *shape)
        found[f"{name}/input"] = images.numpy()
        found[f"{name}/output"] = network(images).detach().numpy()
        if name != "rnn":
            torch.onnx.export(
                network,
                (images,),
                str(Path(__file__).with_name(f"torch_{name}.onnx")),
                input_names=["x"],
                dynamic_axes={"x": {0: "images"}},
                dynamo=False,
            )
        for key, tensor in network.state_dict().items():
            found[f"{name}/state/{key}"] = tensor.numpy()
    np.savez_compressed(Path(__file__).with_name("torch_networks.npz"), **found)


if __name__ == "__main__":
    main()
