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
        (LINEAR, [None], r"layers\[0\] is None; give .* mapping"),
        (LINEAR, [5], r"layers\[0\] is 5; give"),
        (LINEAR, [{"name": "fc"}], r'layers\[0\] is .*with "type"'),
        (LINEAR, 5, "layers is 5; give a list"),
        (LINEAR, "Linear", "layers is 'Linear'; give a list"),
        (LINEAR, FC, "layers is {.*}; give a list"),
        ({**LINEAR, 5: np.ones(2)}, [FC], "model has the key 5"),
        (LINEAR, [{**FC, "in_features": 4}], "Linear 'fc': in_features is 4; its tensors .* 3"),
        (LINEAR, [{**FC, "bias": False}], "bias is False; its tensors"),
        (LINEAR, ["Linear"], "Linear: it has no tensor 'weight'"),
        ({"weight": np.ones((2, 3))}, ["ReLU"], "'weight' .* none of the layers"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(state, layers, words):
    with pytest.raises(UsageError, match=words):
        from_torch(state, (3,), layers=layers)


def test_a_layer_without_a_name_reads_tensors_without_a_prefix():
    state = {"weight": np.arange(6.0).reshape(2, 3), "bias": np.array([1.0, -1.0])}
    x = np.array([[1.0, -2.0, 0.5]])
    network = from_torch(state, (3,), layers=["Linear", "ReLU"])
    expected = np.maximum(x @ state["weight"].T + state["bias"], 0)
    np.testing.assert_array_equal(network.outputs(x), expected)


def test_every_argument_of_pytorch_that_changes_nothing_is_taken():
    """The arguments are those of the classes in torch.nn, PyTorch 2."""
    state, images, outputs = stored("convolutional")
    said = {
        "Conv2d": {"dilation": [1, 1], "groups": 1, "device": "cpu", "padding_mode": "zeros"},
        "BatchNorm2d": {"num_features": 3, "momentum": 0.1, "affine": True},
        "LeakyReLU": {"inplace": True},
        "MaxPool2d": {"padding": [0, 0], "dilation": [1, 1], "ceil_mode": False},
        "AvgPool2d": {"count_include_pad": True, "ceil_mode": False},
        "Dropout": {"p": 0.3, "inplace": False},
        "Linear": {"bias": True, "device": None, "dtype": None},
        "BatchNorm1d": {"track_running_stats": True, "eps": 1e-5},
        "Softmax": {},
    }
    layers = []
    for given in DESCRIBED["convolutional"]:
        words = {"type": given} if isinstance(given, str) else given
        layers.append({**said.get(words["type"], {}), **words})
    layers[0] |= {"stride": [2, 1], "padding": np.array([1, 0]), "in_channels": 2, "bias": True}
    layers[4] |= {"bias": False}
    layers[0] |= dict(zip(("out_channels", "kernel_size"), sizes(state["0.weight"]), strict=True))
    features = dict(zip(("out_features", "in_features"), state["8.weight"].shape, strict=True))
    layers[9] |= features
    found = from_torch(state, images.shape[1:], layers=layers).outputs(images)
    np.testing.assert_allclose(found, outputs, rtol=1e-12, atol=1e-14)
    state, images, outputs = stored("lstm")
    layers = [dict(given) for given in DESCRIBED["lstm"]]
    hidden = state["cell.weight_hh_l0"].shape[1]
    layers[0] |= {"input_size": images.shape[2], "hidden_size": hidden, "batch_first": True}
    layers[0] |= {"dropout": 0.1, "bias": True, "bidirectional": False, "proj_size": 0}
    found = from_torch(state, images.shape[1:], layers=layers).outputs(images)
    np.testing.assert_allclose(found, outputs, rtol=1e-12, atol=1e-14)


def sizes(kernels):
    return len(kernels), list(kernels.shape[2:])


def normalised(**changed):
    statistics = {"mean": np.zeros(2), "var": np.ones(2)}
    state = {f"n.running_{key}": value for key, value in statistics.items()}
    return {**LINEAR, **state, **{f"n.{key}": value for key, value in changed.items()}}


def recurrent(**changed):
    state = {"weight_ih_l0": np.ones((8, 3)), "weight_hh_l0": np.ones((8, 2))}
    state |= {"bias_ih_l0": np.ones(8), "bias_hh_l0": np.ones(8), **changed}
    return {f"c.{key}": value for key, value in state.items()}


NORM = {"type": "BatchNorm1d", "name": "n"}
CELL = {"type": "LSTM", "name": "c"}


@pytest.mark.parametrize(
    ("state", "layers", "words"),
    [
        (normalised(weight=np.ones(3)), [FC, NORM], "BatchNorm1d 'n': weight has 3 values"),
        (normalised(bias=np.ones((2, 1))), [FC, NORM], r"bias has shape \(2, 1\)"),
        (normalised(running_var=np.ones(3)), [FC, NORM], "variance has 3 values"),
        (normalised(running_var=np.array([1, -0.5])), [FC, NORM], r"variance\[1\] is -0\.5"),
        (normalised(running_var=np.array([0, 1])), [FC, {**NORM, "eps": 0}], r"variance\[0\] is 0"),
        (normalised(), [FC, {**NORM, "eps": "a"}], "BatchNorm1d 'n': eps is 'a'"),
        (normalised(), [FC, {**NORM, "eps": -2.0}], "eps is -2"),
        (normalised(weight=np.ones(2)), [FC, {**NORM, "bias": True}], "bias is True; its tensors"),
        (normalised(), [FC, {**NORM, "affine": True}], "affine is True; its tensors"),
        (recurrent(bias_hh_l0=np.ones(4)), [CELL], "LSTM 'c': bias_hh_l0 has 4 values"),
        (recurrent(), [{**CELL, "num_layers": "2"}], "num_layers is '2'"),
        (recurrent(), [{**CELL, "hidden_size": 8}], "hidden_size is 8; its tensors .* 2"),
        # a second layer that the description forgets
        (recurrent(weight_ih_l1=np.ones((8, 2))), [CELL], "'c.weight_ih_l1' .* none of the layers"),
    ],
)
def test_tensors_and_options_that_do_not_fit_are_refused(state, layers, words):
    shape = (4, 3) if layers[0]["type"] == "LSTM" else (3,)
    with pytest.raises(UsageError, match=words):
        from_torch(state, shape, layers=layers)


def test_a_padding_of_arrays_is_compared_as_numbers():
    with pytest.raises(UsageError, match=r"MaxPool2d: padding is \(1, 1\)"):
        from_torch(
            LINEAR,
            (3,),
            layers=[FC, {"type": "MaxPool2d", "kernel_size": 2, "padding": np.array([1, 1])}],
        )


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
        (object(), "'0' is a object, which is not supported"),
    ],
)
def test_modules_that_cannot_be_read_are_refused(module, words):
    with pytest.raises(UsageError, match=words):
        from_torch(sequential(module), (1, 5, 5))


def test_a_model_of_its_own_is_refused_without_a_name():
    with pytest.raises(UsageError, match=r"^the model is a object, which is not supported"):
        from_torch(object(), (3,))
    with pytest.raises(UsageError, match="model is a type; give a module"):
        from_torch(type(stand_in("Linear")), (3,), layers=[FC])
