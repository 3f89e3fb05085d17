"""Networks from plain arrays and from scikit-learn's perceptrons."""

import warnings

import numpy as np
import pytest

from memcircuit.errors import UsageError
from memcircuit.networks.importers import from_arrays, from_sklearn

FIRST, SECOND = np.arange(6.0).reshape(3, 2) - 2, np.array([[1.0, -1.0, 0.5], [0.0, 2.0, 1.0]])


def test_arrays_become_dense_layers():
    x = np.array([[1.0, -2.0, 0.5], [0.0, 1.0, 1.0]])
    network = from_arrays([FIRST, SECOND], [np.array([0.5, -1.0]), None], "tanh")
    expected = np.tanh(x @ FIRST + [0.5, -1.0]) @ SECOND
    np.testing.assert_allclose(network.outputs(x), expected, rtol=1e-14)
    network = from_arrays([FIRST, SECOND], activations=["relu", "softmax"])
    raised = np.exp(np.maximum(x @ FIRST, 0) @ SECOND)
    expected = raised / raised.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(network.outputs(x), expected, rtol=1e-14)
    one_row = from_arrays([FIRST], input_shape=(1, 1, 3))
    np.testing.assert_array_equal(one_row.outputs(x[:, np.newaxis, np.newaxis]), x @ FIRST)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: from_arrays([]), "weights are empty"),
        (lambda: from_arrays([FIRST, FIRST]), "layer 1: Dense takes 3 inputs"),
        (lambda: from_arrays([FIRST], [None, None]), "2 biases for 1 weights"),
        (lambda: from_arrays([FIRST], activations=["relu", "relu"]), "2 activations for 1"),
        (lambda: from_arrays([FIRST], [[1.0]]), "bias of Dense has 1 values"),
        (lambda: from_arrays([[[1.0, np.nan]]]), r"weights\[0\]\[0, 1\] is nan"),
        (lambda: from_arrays([["a"]]), r"weights\[0\]: not an array of numbers"),
        (lambda: from_arrays([FIRST], activations=["step"]), "activation 'step'"),
        (lambda: from_arrays([FIRST], input_shape=(4,)), r"it is given \(4,\)"),
        (lambda: from_arrays([FIRST], input_shape=(0,)), "input_shape"),
        (lambda: from_sklearn(object()), "model is a object"),
    ],
)
def test_impossible_arrays_are_refused(make, words):
    with pytest.raises(UsageError, match=words):
        make()


def fitted(kind, targets, **options):
    pytest.importorskip("sklearn")
    from sklearn import neural_network

    model = getattr(neural_network, kind)(
        hidden_layer_sizes=(5, 4), max_iter=30, random_state=1, **options
    )
    x = np.random.default_rng(2).standard_normal((40, 3))
    with warnings.catch_warnings():
        # so few iterations do not converge, and need not
        warnings.simplefilter("ignore")
        return model.fit(x, targets), x


@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
@pytest.mark.parametrize("classes", [2, 4])
def test_classifiers_give_the_probabilities_of_scikit_learn(activation, classes):
    names = np.array(["d", "b", "c", "a"])[np.arange(40) % classes]
    model, x = fitted("MLPClassifier", names, activation=activation)
    network = from_sklearn(model)
    np.testing.assert_allclose(network.outputs(x), model.predict_proba(x), rtol=1e-12, atol=1e-15)
    np.testing.assert_array_equal(model.classes_[network.classify(x)], model.predict(x))


def test_regressors_and_several_labels_give_what_scikit_learn_does():
    rng = np.random.default_rng(3)
    model, x = fitted("MLPRegressor", rng.standard_normal((40, 2)))
    np.testing.assert_allclose(from_sklearn(model).outputs(x), model.predict(x), rtol=1e-12)
    model, x = fitted("MLPRegressor", rng.standard_normal(40))
    np.testing.assert_allclose(from_sklearn(model).outputs(x)[:, 0], model.predict(x), rtol=1e-12)
    model, x = fitted("MLPClassifier", rng.integers(2, size=(40, 3)))
    np.testing.assert_allclose(from_sklearn(model).outputs(x), model.predict_proba(x), rtol=1e-12)


def test_what_scikit_learn_has_not_fitted_is_refused():
    neural_network = pytest.importorskip("sklearn.neural_network")
    with pytest.raises(UsageError, match="fit it first"):
        from_sklearn(neural_network.MLPClassifier())
    model, _ = fitted("MLPClassifier", np.arange(40) % 3)
    model.activation = "gelu"
    with pytest.raises(UsageError, match="activation 'gelu' of MLPClassifier"):
        from_sklearn(model)
