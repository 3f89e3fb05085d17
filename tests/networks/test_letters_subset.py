"""Letters in numpy's own format: both selections, and files that hold none."""

import os
from pathlib import Path

import numpy as np
import pytest

from memcircuit.errors import UsageError
from memcircuit.networks.datasets import load_letters_subset

DATA = Path(os.environ.get("MEMCIRCUIT_DATA", "not-given"))
needs_subset = pytest.mark.skipif(
    not (DATA / "emnist_letters" / "emnist_letters_balanced.npz").is_file(),
    reason="MEMCIRCUIT_DATA holds no subset of emnist_letters",
)


def test_letters_subset_from_numpy_files(tmp_path):
    generator = np.random.default_rng(5)
    images = generator.integers(0, 256, (6, 28, 28), dtype=np.uint8)
    labels = np.array([0, 25, 3, 3, 7, 1], dtype=np.uint8)
    np.savez(
        tmp_path / "emnist_letters_balanced.npz",
        x_train=images[:4], y_train=labels[:4], x_test=images[4:], y_test=labels[4:],
    )  # fmt: skip
    is_test = np.array([0, 1, 0, 0, 1, 0], dtype=bool)
    np.savez(tmp_path / "emnist_letters_pool.npz", images=images, labels=labels, is_test=is_test)
    training, test = load_letters_subset(tmp_path)
    np.testing.assert_array_equal(training.labels, labels[:4])
    np.testing.assert_array_equal(test.images, images[4:])
    training, test = load_letters_subset(tmp_path, "pool")
    np.testing.assert_array_equal(test.labels, [25, 7])
    np.testing.assert_array_equal(training.images, images[~is_test])


def test_letters_subset_refuses_other_files(tmp_path, monkeypatch):
    monkeypatch.delenv("MEMCIRCUIT_DATA", raising=False)
    with pytest.raises(UsageError, match="MEMCIRCUIT_DATA"):
        load_letters_subset()
    with pytest.raises(UsageError, match="selection is 'official'"):
        load_letters_subset(tmp_path, "official")
    monkeypatch.setenv("MEMCIRCUIT_DATA", str(tmp_path))
    with pytest.raises(UsageError, match=r"holds no emnist_letters_balanced\.npz"):
        load_letters_subset()
    path = tmp_path / "emnist_letters_balanced.npz"
    path.write_bytes(b"no zip")
    with pytest.raises(UsageError, match="cannot read"):
        load_letters_subset()
    np.savez(path, x_train=np.zeros(3))
    with pytest.raises(UsageError, match="lacks y_train, x_test, y_test"):
        load_letters_subset()
    arrays = {name: np.array([None]) for name in ("x_train", "y_train", "x_test", "y_test")}
    np.savez(path, allow_pickle=True, **arrays)
    with pytest.raises(UsageError, match="cannot read"):
        load_letters_subset()


@needs_subset
def test_letters_subset_is_balanced_and_upright():
    training, test = load_letters_subset(DATA)
    assert np.bincount(training.labels).tolist() == [950] * 26
    assert np.bincount(test.labels).tolist() == [200] * 26
    # a W is the same from left to right, not from top to bottom
    mean = test.images[test.labels == 22].mean(axis=0)
    assert np.abs(mean - mean[::-1]).sum() > 1.5 * np.abs(mean - mean[:, ::-1]).sum()
