"""The digits in the package are those of the UCI repository."""

import gzip
import hashlib
import shutil
from importlib.resources import files

import numpy as np
import pytest

from memcircuit.errors import UsageError
from memcircuit.networks.digits import Digits, load_digits
from memcircuit.networks.labelled import split

FOLDER = files("memcircuit.networks") / "data" / "optdigits"
# SHA-256 and class counts as the UCI repository publishes them (optdigits.names, section 9).
PUBLISHED = {
    "optdigits.tra": "e1b683cc211604fe8fd8c4417e6a69f31380e0c61d4af22e93cc21e9257ffedd",
    "optdigits.tes": "6ebb3d2fee246a4e99363262ddf8a00a3c41bee6014c373ed9d9216ba7f651b8",
    "optdigits.names": "3e82f7202d72a2b7dbdbc324c8c90fe8853164f5d6ab978a071357ad3de89f02",
}
TRAINING_COUNTS = [376, 389, 380, 389, 387, 376, 377, 387, 380, 382]
TEST_COUNTS = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def raw(name: str) -> bytes:
    return gzip.decompress((FOLDER / f"{name}.gz").read_bytes())


@pytest.mark.parametrize("name", PUBLISHED)
def test_files_are_those_of_the_repository(name):
    assert hashlib.sha256(raw(name)).hexdigest() == PUBLISHED[name]


def test_licence_travels_with_the_data():
    text = (FOLDER / "LICENSE.txt").read_text(encoding="utf-8")
    for part in ("CC BY 4.0", "10.24432/C50P49", "Alpaydin", "Kaynak", "changed"):
        assert part in text


def test_counts_per_class_are_those_of_the_description():
    training, test = load_digits()
    assert np.bincount(training.labels).tolist() == TRAINING_COUNTS
    assert np.bincount(test.labels).tolist() == TEST_COUNTS
    assert (len(training), len(test)) == (3823, 1797)


@pytest.mark.parametrize(("part", "name"), [(0, "optdigits.tra"), (1, "optdigits.tes")])
def test_pixels_and_labels_equal_the_text(part, name):
    digits = load_digits()[part]
    rows = [[int(value) for value in line.split(",")] for line in raw(name).decode().splitlines()]
    expected = np.array(rows)
    np.testing.assert_allclose(digits.images * 15, np.minimum(expected[:, :64], 15), atol=1e-12)
    np.testing.assert_array_equal(digits.labels, expected[:, 64])


def test_four_bits_are_used_in_full():
    training, _ = load_digits()
    np.testing.assert_allclose(np.unique(training.images), np.arange(16) / 15)


@pytest.mark.parametrize("damage", ["changed", "cut", "text", "missing"])
def test_damaged_file_is_named(tmp_path, damage):
    for name in ("optdigits.tra.gz", "optdigits.tes.gz"):
        shutil.copy(str(FOLDER / name), tmp_path / name)
    file = tmp_path / "optdigits.tes.gz"
    match damage:
        case "changed":
            file.write_bytes(gzip.compress(raw("optdigits.tes").replace(b"16", b"15", 1)))
        case "cut":
            file.write_bytes(file.read_bytes()[:1000])
        case "text":
            file.write_bytes(b"0,1,2\n")
        case "missing":
            file.unlink()
    with pytest.raises(UsageError, match=r"optdigits\.tes\.gz.*install memcircuit again"):
        load_digits(tmp_path)


def test_split_keeps_every_image_once():
    training, _ = load_digits()
    numbered = Digits(
        np.repeat(np.arange(len(training))[:, np.newaxis] / 5000, 64, axis=1), training.labels
    )
    rest, aside = split(numbered, 0.25, np.random.default_rng(3))
    assert len(aside) == 956
    together = np.concatenate([rest.images[:, 0], aside.images[:, 0]])
    np.testing.assert_array_equal(np.sort(together), numbered.images[:, 0])
    index = np.rint(aside.images[:, 0] * 5000).astype(int)
    np.testing.assert_array_equal(aside.labels, training.labels[index])


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, 1.5, float("nan"), 1e-9])
def test_split_refuses_an_empty_part(share):
    training, _ = load_digits()
    with pytest.raises(UsageError, match="share"):
        split(training, share, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"data": np.zeros((8, 64))}, "data is a ndarray; give Digits or LabelledImages"),
        ({"share": "a quarter"}, "share is 'a quarter'"),
        ({"share": None}, "share is None"),
        ({"rng": 1}, r"rng is 1; pass numpy\.random\.default_rng"),
        ({"rng": np.random}, "rng is a module"),
    ],
)
def test_split_refuses_other_kinds(wrong, said):
    right = {"data": load_digits()[1], "share": 0.25, "rng": np.random.default_rng(0)}
    with pytest.raises(UsageError, match=said):
        split(**{**right, **wrong})


@pytest.mark.parametrize(
    ("images", "labels", "what"),
    [
        (np.zeros((3, 63)), np.zeros(3, dtype=int), "shape"),
        (np.zeros((3, 64)), np.zeros(2, dtype=int), "shape"),
        (np.full((1, 64), np.nan), np.zeros(1, dtype=int), "NaN"),
        (np.zeros((1, 64)), np.array([10]), "labels"),
        (np.zeros((1, 64)), np.array([-1]), "labels"),
        (np.zeros((2, 64)), np.zeros(2), "type float64"),
        (np.zeros((2, 64)).tolist(), np.zeros(2, dtype=int), "images is a list"),
        (np.zeros((2, 64)), [0, 1], "labels is a list"),
        (np.full((2, 64), "ink"), np.zeros(2, dtype=int), "not an array of numbers"),
    ],
)
def test_digits_refuse_what_they_are_not(images, labels, what):
    with pytest.raises(UsageError, match=what):
        Digits(images, labels)
