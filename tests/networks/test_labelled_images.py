"""Images with labels: what they refuse, and their grey values."""

import numpy as np
import pytest

from memcircuit.errors import UsageError
from memcircuit.networks.datasets import LabelledImages


def test_grey_values_scale_to_1_in_the_shape_asked_for():
    images = np.array([[[0, 51, 255], [102, 153, 204]]], dtype=np.uint8)
    found = LabelledImages(images, np.array([1]), classes=2)
    assert len(found) == 1
    np.testing.assert_allclose(found.grey((6,)), [[0, 0.2, 1, 0.4, 0.6, 0.8]], rtol=1e-7)
    assert found.grey().dtype == np.float32
    assert found.grey((1, 2, 3), np.float64).shape == (1, 1, 2, 3)
    for shape in (6, "6", (6.0,), (True, 6)):
        with pytest.raises(UsageError, match=r"shape is .*such as \(784,\)"):
            found.grey(shape)
    for shape in ((5,), (), (-6, -1), (6, 0)):
        with pytest.raises(UsageError, match="do not fit"):
            found.grey(shape)
    with pytest.raises(UsageError, match="dtype is int8"):
        found.grey(dtype=np.int8)


@pytest.mark.parametrize(
    ("images", "labels", "said"),
    [
        (np.zeros((2, 4), np.uint8), np.zeros(2, int), "images have shape"),
        (np.zeros((2, 4, 4)), np.zeros(2, int), "float64"),
        (np.zeros((0, 4, 4), np.uint8), np.zeros(0, int), "none 0"),
        (np.zeros((2, 4, 4), np.uint8), np.zeros(3, int), "labels have shape"),
        (np.zeros((2, 4, 4), np.uint8), np.zeros(2), "whole numbers"),
        (np.zeros((2, 4, 4), np.uint8), np.array([0, 3]), "reach from 0 to 3"),
        (np.zeros((2, 4, 4), np.uint8), np.array([-1, 2]), "reach from -1 to 2"),
    ],
)
def test_images_that_do_not_fit_their_labels(images, labels, said):
    with pytest.raises(UsageError, match=said):
        LabelledImages(images, labels, classes=3)


def test_other_kinds_are_refused():
    images, labels = np.zeros((2, 4, 4), np.uint8), np.array([0, 1])
    with pytest.raises(UsageError, match="images is a list"):
        LabelledImages(images.tolist(), labels, classes=2)
    with pytest.raises(UsageError, match="labels is a list"):
        LabelledImages(images, labels.tolist(), classes=2)
    with pytest.raises(UsageError, match="classes is '2'"):
        LabelledImages(images, labels, classes="2")
