"""Networks of PyTorch give PyTorch's own outputs; see data/make_torch_networks.py."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from memcircuit.errors import UsageError
from memcircuit.networks.convolution import Conv2d
from memcircuit.networks.dense import Dense
from memcircuit.networks.importers import from_torch

DATA = Path(__file__).parents[1] / "data" / "torch_networks.npz"

# the layers of the three networks in the file
DESCRIBED = {
    "convolutional": [
        {"type": "Conv2d", "name": "0", "stride": (2, 1), "padding": (1, 0)},
        {"type": "BatchNorm2d", "name": "1"},
        "LeakyReLU",
        {"type": "MaxPool2d", "kernel_size": 2, "stride": 1},
        {"type": "Conv2d", "name": "4.0", "padding": "same"},
        "Sigmoid",
        {"type": "AvgPool2d", "kernel_size": 2},
        "Flatten",
        "Dropout",
        {"type": "Linear", "name": "8"},
        {"type": "BatchNorm1d", "name": "9"},
        "Tanh",
        {"type": "Linear", "name": "11"},
        {"type": "Softmax", "dim": 1},
    ],
    "lstm": [
        {"type": "LSTM", "name": "cell", "num_layers": 2},
        {"type": "Linear", "name": "read"},
    ],
    "rnn": [
        {"type": "RNN", "name": "cell", "nonlinearity": "relu", "return_sequences": True},
        {"type": "Linear", "name": "read"},
    ],
}


def stored(name):
    with np.load(DATA) as file:
        head = f"{name}/state/"
        state = {key.removeprefix(head): file[key] for key in file if key.startswith(head)}
        return state, file[f"{name}/input"], file[f"{name}/output"]


@pytest.mark.parametrize("name", DESCRIBED)
def test_state_dicts_give_the_outputs_of_pytorch(name):
    state, images, outputs = stored(name)
    network = from_torch(state, images.shape[1:], layers=DESCRIBED[name])
    np.testing.assert_allclose(network.outputs(images), outputs, rtol=1e-12, atol=1e-14)


def test_batch_normalisation_and_activations_are_inside_the_layers_before_them():
    state, images, _ = stored("convolutional")
    network = from_torch(state, images.shape[1:], layers=DESCRIBED["convolutional"])
    kinds = [type(layer).__name__ for layer in network.layers]
    assert kinds == ["Conv2d", "MaxPool2d", "Conv2d", "AveragePool2d", "Flatten", "Dense", "Dense"]
    assert [layer.activation for layer in network.layers if isinstance(layer, Conv2d | Dense)] == [
        "leaky_relu",
        "sigmoid",
        "tanh",
        "softmax",
    ]


def stand_in(kind, **attributes):
    """Make an object that shows of itself what a module of torch.nn does."""
    own = {"__module__": "torch.nn.modules.somewhere", "forward": lambda *_: None}
    found = type(kind, (), own)()
    vars(found).update(attributes)
    return found


def sequential(*modules):
    names = map(str, itertools.count())
    children = list(zip(names, modules, strict=False))
    return stand_in("Sequential", named_children=lambda: iter(children))


def test_modules_in_nested_sequences_are_read_in_order():
    state, images, outputs = stored("convolutional")

    def own(prefix):
        head = f"{prefix}."
        return {k.removeprefix(head): v for k, v in state.items() if k.startswith(head)}

    model = sequential(
        stand_in("Conv2d", stride=(2, 1), padding=(1, 0), dilation=(1, 1), **own("0")),
        stand_in("BatchNorm2d", eps=1e-5, **own("1")),
        stand_in("LeakyReLU", negative_slope=0.01),
        stand_in("MaxPool2d", kernel_size=2, stride=1, padding=0),
        sequential(stand_in("Conv2d", padding="same", bias=None, **own("4.0"))),
        stand_in("Sigmoid"),
        stand_in("AvgPool2d", kernel_size=2, stride=2),
        sequential(stand_in("Flatten"), stand_in("Dropout", p=0.5)),
        stand_in("Linear", **own("8")),
        stand_in("BatchNorm1d", **own("9")),
        stand_in("Tanh"),
        stand_in("Linear", **own("11")),
        stand_in("Softmax", dim=1),
    )
    found = from_torch(model, (2, 9, 8)).outputs(images)
    np.testing.assert_allclose(found, outputs, rtol=1e-12, atol=1e-14)


def test_real_modules_of_pytorch_give_its_outputs():
    torch = pytest.importorskip("torch")
    nn = torch.nn
    model = nn.Sequential(
        nn.Conv2d(1, 3, 3, stride=2, padding=1),
        nn.BatchNorm2d(3, eps=1e-3),
        nn.ReLU(),
        nn.Identity(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Sequential(nn.Linear(12, 4), nn.Tanh()),
        nn.Linear(4, 3, bias=False),
        nn.LogSoftmax(-1),
    ).to(torch.float32)
    model.train()
    model(torch.rand(20, 1, 8, 8))
    model.eval()
    images = torch.rand(5, 1, 8, 8)
    expected = model(images).detach().exp().numpy()
    found = from_torch(model, (1, 8, 8)).outputs(images.numpy())
    np.testing.assert_allclose(found, expected, rtol=1e-5)

    class Own(nn.Linear):
        def forward(self, x):
            return -super().forward(x)

    with pytest.raises(UsageError, match="'1' is a Own"):
        from_torch(nn.Sequential(nn.ReLU(), Own(2, 2)), (2,))
    for given in (nn.LSTM(3, 4, batch_first=True), nn.RNN(3, 4, batch_first=True, bias=False)):
        steps = torch.rand(2, 5, 3)
        every, _ = given(steps)
        last = from_torch(given, (5, 3)).outputs(steps.numpy())
        np.testing.assert_allclose(last, every[:, -1].detach().numpy(), rtol=1e-5, atol=1e-7)


LINEAR = {"fc.weight": np.ones((2, 3)), "fc.bias": np.zeros(2)}
FC = {"type": "Linear", "name": "fc"}


@pytest.mark.parametrize(
    ("state", "layers", "words"),
    [
        (LINEAR, None, "give layers"),
        ({}, [FC], "with tensors"),
        (7, [FC], "model is a int"),
        (LINEAR, ["GRU"], r"layers\[0\] is of type 'GRU'"),
        (LINEAR, [{**FC, "bais": 1}], "has no option 'bais'"),
        (LINEAR, [FC, {"type": "Linear", "name": "out"}], "Linear 'out': it has no tensor"),
        ({**LINEAR, "out.weight": np.ones((2, 2))}, [FC], "'out.weight' .* none of the layers"),
        ({"fc.weight": np.ones(3)}, [FC], "must have 2 axes"),
        ({"fc.weight": np.full((2, 3), np.nan)}, [FC], "Linear 'fc': .* is nan"),
        ({"fc.weight": [["a"]]}, [FC], "'fc.weight' is no array of numbers"),
        ({"fc.weight": np.ones((2, 4))}, [FC], r"takes 4 inputs in the last axis"),
        (LINEAR, [FC, {"type": "LeakyReLU", "negative_slope": 0.2}], "negative_slope is 0.2"),
        (LINEAR, [FC, "LogSoftmax", "ReLU"], "LogSoftmax, which can only be the end"),
        (LINEAR, [FC, {"type": "Softmax", "dim": 0}], "dim is 0"),
        (LINEAR, [FC, "ReLU", {"type": "BatchNorm1d", "name": "fc"}], "no tensor 'running_mean'"),
        (LINEAR, [FC, {"type": "MaxPool2d", "padding": 1}], "padding is 1"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(state, layers, words):
    with pytest.raises(UsageError, match=words):
        from_torch(state, (3,), layers=layers)


def test_normalisation_behind_a_function_is_refused():
    statistics = {"n.running_mean": np.zeros(2), "n.running_var": np.ones(2)}
    layers = [FC, "ReLU", {"type": "BatchNorm1d", "name": "n"}]
    with pytest.raises(UsageError, match="BatchNorm1d 'n': it can only be folded"):
        from_torch({**LINEAR, **statistics}, (3,), layers=layers)


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (stand_in("GRU"), "is a GRU, which is not supported"),
        (stand_in("Conv2d", weight=np.ones((2, 1, 3, 3)), groups=2), "groups is 2"),
        (stand_in("LSTM", bidirectional=True), "bidirectional is True"),
        (object(), "is a object, which is not supported"),
    ],
)
def test_modules_that_cannot_be_read_are_refused(module, words):
    with pytest.raises(UsageError, match=words):
        from_torch(sequential(module), (1, 5, 5))
