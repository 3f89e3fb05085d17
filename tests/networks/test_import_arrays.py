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
    one_row = from_arrays([FIRST], activations="identity", input_shape=(1, 1, 3))
    np.testing.assert_array_equal(one_row.outputs(x[:, np.newaxis, np.newaxis]), x @ FIRST)
    np.testing.assert_array_equal(from_arrays([FIRST]).outputs(x), x @ FIRST)
    alone = from_arrays([FIRST], activations=["relu"])
    np.testing.assert_array_equal(alone.outputs(x), np.maximum(x @ FIRST, 0))


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
        (lambda: from_arrays(5), "weights is a int"),
        (lambda: from_arrays(None), "weights is a NoneType"),
        (lambda: from_arrays([FIRST], 5), "biases is a int"),
        (lambda: from_arrays([FIRST], activations=None), "activations is a NoneType"),
        (lambda: from_arrays([FIRST], activations="rely"), "activation 'rely'; choose one of"),
        (lambda: from_arrays([FIRST, SECOND], activations="rely"), "activation 'rely'"),
        (lambda: from_arrays([FIRST], activations="sigmoid"), r"give \['sigmoid'\]"),
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


def test_regressors_give_what_scikit_learn_does():
    rng = np.random.default_rng(3)
    model, x = fitted("MLPRegressor", rng.standard_normal((40, 2)))
    np.testing.assert_allclose(from_sklearn(model).outputs(x), model.predict(x), rtol=1e-12)
    model, x = fitted("MLPRegressor", rng.standard_normal(40))
    np.testing.assert_allclose(from_sklearn(model).outputs(x)[:, 0], model.predict(x), rtol=1e-12)


def test_the_labels_of_a_classifier_are_places_in_its_classes():
    names = np.array([7, -3, 12])[np.arange(40) % 3]
    model, x = fitted("MLPClassifier", names)
    right = from_sklearn(model).classify(x) == np.searchsorted(model.classes_, names)
    assert right.mean() == model.score(x, names)


def test_subclasses_are_read():
    neural_network = pytest.importorskip("sklearn.neural_network")

    class Own(neural_network.MLPClassifier):
        pass

    model, x = fitted("MLPClassifier", np.arange(40) % 2)
    expected = model.predict_proba(x)
    model.__class__ = Own
    np.testing.assert_allclose(from_sklearn(model).outputs(x), expected, rtol=1e-12, atol=1e-15)


def test_what_holds_a_model_is_refused_with_the_way_to_it():
    pytest.importorskip("sklearn")
    from sklearn.model_selection import GridSearchCV
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    for given, words in (
        (make_pipeline(StandardScaler(), MLPClassifier()), r"is a Pipeline; give .*\[-1\]"),
        (GridSearchCV(MLPClassifier(), {}), r"is a GridSearchCV; give .*best_estimator_"),
        (MLPClassifier, "is the class MLPClassifier; give a fitted instance"),
        (StandardScaler(), "is a StandardScaler; give an MLPClassifier or MLPRegressor"),
    ):
        with pytest.raises(UsageError, match=words):
            from_sklearn(given)


def test_several_labels_at_once_are_refused():
    # the largest output would be taken for the one class
    model, _ = fitted("MLPClassifier", np.random.default_rng(3).integers(2, size=(40, 3)))
    with pytest.raises(UsageError, match="3 labels at once"):
        from_sklearn(model)


def test_what_scikit_learn_has_not_fitted_is_refused():
    neural_network = pytest.importorskip("sklearn.neural_network")
    with pytest.raises(UsageError, match="fit it first"):
        from_sklearn(neural_network.MLPClassifier())
    model, _ = fitted("MLPClassifier", np.arange(40) % 3)
    model.activation = "gelu"
    with pytest.raises(UsageError, match="activation 'gelu' of MLPClassifier"):
        from_sklearn(model)
