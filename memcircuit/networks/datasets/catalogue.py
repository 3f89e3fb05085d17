"""MNIST, Fashion-MNIST and EMNIST letters: files, checksums, official places.

SHA-256 and lengths of what is fetched are those that TensorFlow Datasets publishes
(tensorflow_datasets/url_checksums/{mnist,fashion_mnist,emnist}.txt); the addresses are also those
of torchvision (torchvision/datasets/mnist.py). MNIST's own page no longer offers its files; the two
mirrors hold them unchanged.
"""

from __future__ import annotations

from pathlib import Path

from memcircuit.networks.datasets.images import LabelledImages
from memcircuit.networks.datasets.published import Archive, IdxDataset, IdxFile, load_dataset

MNIST = IdxDataset(
    name="MNIST",
    folder="mnist",
    training=(
        IdxFile(
            "train-images-idx3-ubyte", (60_000, 28, 28), "6bbc9ace898e44ae57da46a324031adb"
        ),
        IdxFile("train-labels-idx1-ubyte", (60_000,), "a25bea736e30d166cdddb491f175f624"),
    ),
    test=(
        IdxFile("t10k-images-idx3-ubyte", (10_000, 28, 28), "2646ac647ad5339dbf082846283269ea"),
        IdxFile("t10k-labels-idx1-ubyte", (10_000,), "27ae3e4e09519cfbb04c329615203637"),
    ),
    addresses=(
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
    ),
    archives=(
        Archive(
            "train-images-idx3-ubyte.gz", 9_912_422,
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        ),
        Archive(
            "train-labels-idx1-ubyte.gz", 28_881,
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        ),
        Archive(
            "t10k-images-idx3-ubyte.gz", 1_648_877,
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        ),
        Archive(
            "t10k-labels-idx1-ubyte.gz", 4_542,
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        ),
    ),
)  # fmt: skip

FASHION_MNIST = IdxDataset(
    name="Fashion-MNIST",
    folder="fashion_mnist",
    training=(
        IdxFile(
            "train-images-idx3-ubyte", (60_000, 28, 28), "f4a8712d7a061bf5bd6d2ca38dc4d50a"
        ),
        IdxFile("train-labels-idx1-ubyte", (60_000,), "9018921c3c673c538a1fc5bad174d6f9"),
    ),
    test=(
        IdxFile("t10k-images-idx3-ubyte", (10_000, 28, 28), "8181f5470baa50b63fa0f6fddb340f0a"),
        IdxFile("t10k-labels-idx1-ubyte", (10_000,), "15d484375f8d13e6eb1aabb0c3f46965"),
    ),
    addresses=(
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    ),
    archives=(
        Archive(
            "train-images-idx3-ubyte.gz", 26_421_880,
            "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        ),
        Archive(
            "train-labels-idx1-ubyte.gz", 29_515,
            "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        ),
        Archive(
            "t10k-images-idx3-ubyte.gz", 4_422_102,
            "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        ),
        Archive(
            "t10k-labels-idx1-ubyte.gz", 5_148,
            "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        ),
    ),
)  # fmt: skip

EMNIST_LETTERS = IdxDataset(
    name="EMNIST letters",
    folder="emnist_letters",
    training=(
        IdxFile("emnist-letters-train-images-idx3-ubyte", (124_800, 28, 28)),
        IdxFile("emnist-letters-train-labels-idx1-ubyte", (124_800,)),
    ),
    test=(
        IdxFile("emnist-letters-test-images-idx3-ubyte", (20_800, 28, 28)),
        IdxFile("emnist-letters-test-labels-idx1-ubyte", (20_800,)),
    ),
    addresses=(
        "https://biometrics.nist.gov/cs_links/EMNIST/",
        "https://www.itl.nist.gov/iaui/vip/cs_links/EMNIST/",
    ),
    archives=(
        Archive(
            "gzip.zip", 561_753_746,
            "fb9bb67e33772a9cc0b895e4ecf36d2cf35be8b709693c3564cea2a019fcda8e",
        ),
    ),
    classes=26,
    first_label=1,
    transposed=True,
)  # fmt: skip


def load_mnist(folder: str | Path | None = None) -> tuple[LabelledImages, LabelledImages]:
    """Load MNIST: 60,000 training and 10,000 test images of digits, 28 x 28; see `load_dataset`.

    Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, Proc. IEEE 86(11), 2278 (1998),
    doi:10.1109/5.726791; CC BY-SA 3.0.
    """
    return load_dataset(MNIST, folder)


def load_fashion_mnist(
    folder: str | Path | None = None,
) -> tuple[LabelledImages, LabelledImages]:
    """Load Fashion-MNIST: 60,000 and 10,000 images of clothes, 28 x 28; see `load_dataset`.

    Its files have the names of MNIST's; checksums tell them apart. Source: H. Xiao, K. Rasul,
    R. Vollgraf, arXiv:1708.07747 (2017); MIT licence.
    """
    return load_dataset(FASHION_MNIST, folder)


def load_emnist_letters(
    folder: str | Path | None = None,
) -> tuple[LabelledImages, LabelledImages]:
    """Load the letters split of EMNIST: 124,800 and 20,800 images, 28 x 28; see `load_dataset`.

    The files hold images transposed and the letters as 1 to 26; both are undone: images are
    upright, class 0 is a and A, 25 is z and Z. What is fetched is one zip of all splits, 562 MB,
    of which 4 files are kept. Source: G. Cohen, S. Afshar, J. Tapson, A. van Schaik, EMNIST, IJCNN
    2017, 2921, doi:10.1109/IJCNN.2017.7966217; from NIST Special Database 19.
    """
    return load_dataset(EMNIST_LETTERS, folder)
