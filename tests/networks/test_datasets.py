"""Published data sets: found, fetched from a real server, broken off, wrong, not there."""

from __future__ import annotations

import gzip
import hashlib
import os
import socket
import struct
import zipfile
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from memcircuit.errors import UsageError
from memcircuit.networks.datasets import (
    EMNIST_LETTERS,
    FASHION_MNIST,
    MNIST,
    Archive,
    IdxDataset,
    IdxFile,
    load_dataset,
    load_emnist_letters,
    load_fashion_mnist,
    load_mnist,
)

SIZES = {"train": 5, "t10k": 3}
DATA = Path(os.environ.get("MEMCIRCUIT_DATA", "not-given"))


def idx(values):
    head = bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape)
    return head + values.astype(np.uint8).tobytes()


def small(part, first=0):
    """Images whose rows differ from their columns, and labels of both ends of three classes."""
    count = SIZES[part]
    images = np.arange(count * 6).reshape(count, 2, 3) + (100 if part == "t10k" else 0)
    return images, first + np.arange(count) % 3


@pytest.fixture
def contents():
    """Unpacked files of a small data set, by name."""
    found = {}
    for part in SIZES:
        images, labels = small(part)
        found[f"{part}-images-idx3-ubyte"] = idx(images)
        found[f"{part}-labels-idx1-ubyte"] = idx(labels)
    return found


def described(contents, archives, addresses=("http://127.0.0.1:9/",), **changes):
    files = [
        IdxFile(
            name,
            struct.unpack(f">{content[3]}I", content[4 : 4 + 4 * content[3]]),
            hashlib.md5(content, usedforsecurity=False).hexdigest(),
        )
        for name, content in contents.items()
    ]
    return IdxDataset(
        name="Small", folder="small", training=tuple(files[:2]), test=tuple(files[2:]),
        addresses=tuple(addresses), classes=3,
        archives=tuple(
            Archive(name, len(packed), hashlib.sha256(packed).hexdigest())
            for name, packed in archives.items()
        ),
        **changes,
    )  # fmt: skip


def packed_singly(contents):
    return {f"{name}.gz": gzip.compress(content) for name, content in contents.items()}


def put(folder, files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def check(loaded):
    for part, found in zip(SIZES, loaded, strict=True):
        images, labels = small(part)
        np.testing.assert_array_equal(found.images, images)
        np.testing.assert_array_equal(found.labels, labels)


@pytest.fixture(autouse=True)
def _own_places(monkeypatch, tmp_path):
    monkeypatch.setenv("MEMCIRCUIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("MEMCIRCUIT_DATA", raising=False)
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):  # either makes a terminal of any stream
        monkeypatch.delenv(name, raising=False)
    # a proxy of this machine must not stand between a test and its own server
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def serve():
    """Start servers on free ports; they end with the test."""
    servers = []

    def start(handler):
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}/"

    yield start
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


class Files(SimpleHTTPRequestHandler):
    """Serve a folder, silently."""

    def log_message(self, *_):
        """Write nothing."""


def answering(body, *, status=200, **headers):
    """Make a handler that always gives this answer, whatever its headers promise."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    return Answer


@pytest.fixture
def nobody():
    """Address at which nobody answers: its port is taken, so by no other program meanwhile."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}/"


def cached(tmp_path):
    return sorted(path.name for path in (tmp_path / "cache").rglob("*") if path.is_file())


@pytest.mark.parametrize("inner", [".", "small"])
@pytest.mark.parametrize("pack", [True, False])
def test_found_in_a_folder(tmp_path, contents, inner, pack):
    put(tmp_path / "here" / inner, packed_singly(contents) if pack else contents)
    check(load_dataset(described(contents, {}), tmp_path / "here"))


def test_found_through_the_variable(tmp_path, contents, monkeypatch):
    put(tmp_path / "here" / "small", contents)
    monkeypatch.setenv("MEMCIRCUIT_DATA", str(tmp_path / "here"))
    check(load_dataset(described(contents, packed_singly(contents))))


def test_a_given_folder_is_the_only_place(tmp_path, contents, monkeypatch):
    put(tmp_path / "here" / "small", contents)
    monkeypatch.setenv("MEMCIRCUIT_DATA", str(tmp_path / "here"))
    with pytest.raises(UsageError, match=r"elsewhere does not hold Small: needs train-images"):
        load_dataset(described(contents, {}), tmp_path / "elsewhere")


def test_fetched_once_then_kept(tmp_path, contents, serve, nobody, capfd):
    archives = packed_singly(contents)
    address = serve(partial(Files, directory=put(tmp_path / "server", archives)))
    dataset = described(contents, archives, [address])
    check(load_dataset(dataset))
    assert cached(tmp_path) == sorted(archives)
    assert capfd.readouterr() == ("", "")
    check(load_dataset(replace(dataset, addresses=(nobody,))))


def test_a_terminal_shows_how_far_it_is(tmp_path, contents, serve, capfd, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    archives = packed_singly(contents)
    address = serve(partial(Files, directory=put(tmp_path / "server", archives)))
    check(load_dataset(described(contents, archives, [address])))
    shown = capfd.readouterr()
    assert shown.out == ""
    assert all(name in shown.err for name in archives)
    assert "100%" in shown.err or "bytes" in shown.err


def test_an_incomplete_data_folder_is_passed_over(tmp_path, contents, serve, monkeypatch):
    archives = packed_singly(contents)
    address = serve(partial(Files, directory=put(tmp_path / "server", archives)))
    put(tmp_path / "here", dict(list(contents.items())[:3]))
    monkeypatch.setenv("MEMCIRCUIT_DATA", str(tmp_path / "here"))
    check(load_dataset(described(contents, archives, [address])))


def test_a_redirect_is_followed_and_a_dead_mirror_passed_over(tmp_path, contents, serve, nobody):
    archives = packed_singly(contents)
    real = serve(partial(Files, directory=put(tmp_path / "server", archives)))

    class Elsewhere(Files):
        def do_GET(self):
            self.send_response(302)
            self.send_header("Location", real + self.path[1:])
            self.end_headers()

    check(load_dataset(described(contents, archives, [nobody, serve(Elsewhere)])))


@pytest.mark.parametrize("told", [True, False])
def test_a_download_that_breaks_off_leaves_nothing(tmp_path, contents, serve, told):
    archives = packed_singly(contents)
    first = next(iter(archives.values()))
    headers = {"Content_Length": str(len(first))} if told else {}
    dataset = described(contents, archives, [serve(answering(first[:-10], **headers))])
    with pytest.raises(UsageError, match=f"broke off after {len(first) - 10} of {len(first)}"):
        load_dataset(dataset)
    assert cached(tmp_path) == []


def test_wrong_bytes_leave_nothing(tmp_path, contents, serve):
    archives = packed_singly(contents)
    first = next(iter(archives.values()))
    wrong = bytes([*first[:-1], first[-1] ^ 1])
    dataset = described(contents, archives, [serve(answering(wrong))])
    with pytest.raises(UsageError, match=hashlib.sha256(wrong).hexdigest()):
        load_dataset(dataset)
    assert cached(tmp_path) == []


def test_more_than_published_is_not_read(tmp_path, contents, serve):
    archives = packed_singly(contents)
    dataset = described(contents, archives, [serve(answering(bytes(100_000)))])
    with pytest.raises(UsageError, match="longer than the"):
        load_dataset(dataset)
    assert cached(tmp_path) == []


def test_a_file_that_is_not_there_names_its_address(contents, serve):
    address = serve(answering(b"gone", status=404))
    with pytest.raises(UsageError, match=f"cannot fetch {address}train-images.*404"):
        load_dataset(described(contents, packed_singly(contents), [address]))


def test_a_silent_server_is_left(contents):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(UsageError, match="timed out"):
            load_dataset(described(contents, packed_singly(contents), [address]), timeout=0.2)


@pytest.mark.parametrize("dataset", [MNIST, FASHION_MNIST, EMNIST_LETTERS], ids=lambda d: d.folder)
def test_without_net_the_message_says_what_to_fetch_and_where_to_put_it(tmp_path, dataset, nobody):
    with pytest.raises(UsageError, match="refused") as caught:
        load_dataset(replace(dataset, addresses=(nobody,)))
    said = str(caught.value)
    assert all(archive.name in said for archive in dataset.archives)
    assert str(tmp_path / "cache" / "datasets" / dataset.folder) in said
    assert "MEMCIRCUIT_DATA" in said


@pytest.mark.parametrize("address", ["file:///etc/", "data:,", "ftp://127.0.0.1/"])
def test_only_the_web_is_fetched_from(contents, address):
    with pytest.raises(UsageError, match="must start with https://"):
        load_dataset(described(contents, packed_singly(contents), [address]))


def test_an_unwritable_cache_is_named(tmp_path, contents, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MEMCIRCUIT_CACHE", str(tmp_path / "file"))
    with pytest.raises(UsageError, match="cannot write to"):
        load_dataset(described(contents, packed_singly(contents)))


def test_another_file_of_the_same_form_is_refused(tmp_path, contents):
    dataset = described(contents, {})
    name = "train-images-idx3-ubyte"
    put(tmp_path, {**contents, name: idx(255 - small("train")[0])})
    with pytest.raises(UsageError, match="is not the file of Small"):
        load_dataset(dataset, tmp_path)


def test_without_a_checksum_the_axes_decide(tmp_path, contents):
    dataset = described(contents, {})
    loose = tuple(replace(file, md5=None) for file in dataset.training)
    put(tmp_path, {**contents, "train-labels-idx1-ubyte": idx(np.array([[0]]))})
    with pytest.raises(UsageError, match=r"axes of \(1, 1\).*published are \(5,\)"):
        load_dataset(replace(dataset, training=loose), tmp_path)


@pytest.fixture
def letters():
    """A small data set in the form of EMNIST: transposed, labels from 1, one zip."""
    contents = {}
    for part, count in SIZES.items():
        images, labels = small(part, first=1)
        assert len(labels) == count
        contents[f"{part}-images-idx3-ubyte"] = idx(images.swapaxes(1, 2))
        contents[f"{part}-labels-idx1-ubyte"] = idx(labels)
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("gzip/other-images-idx3-ubyte.gz", b"not needed")
        for name, content in contents.items():
            archive.writestr(f"gzip/{name}.gz", gzip.compress(content))
    archives = {"gzip.zip": buffer.getvalue()}
    return described(contents, archives, first_label=1, transposed=True), archives


def test_letters_are_upright_and_count_from_0_out_of_a_zip(tmp_path, letters, serve):
    dataset, archives = letters
    check(load_dataset(dataset, put(tmp_path / "here", archives)))
    address = serve(partial(Files, directory=put(tmp_path / "server", archives)))
    check(load_dataset(replace(dataset, addresses=(address,))))
    names = [f"{file.name}.gz" for file in (*dataset.training, *dataset.test)]
    assert cached(tmp_path) == sorted(names)
    check(load_dataset(dataset))


def test_broken_zips_are_refused(tmp_path, letters):
    dataset, archives = letters
    whole = archives["gzip.zip"]
    with zipfile.ZipFile(tmp_path / "bomb", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("gzip/train-images-idx3-ubyte.gz", bytes(10_000_000))
    with zipfile.ZipFile(tmp_path / "empty", "w") as archive:
        archive.writestr("readme", b"")
    start = whole.index(b"train-images-idx3-ubyte.gz") + len("train-images-idx3-ubyte.gz")
    spoilt = bytearray(whole)
    spoilt[start] = 0xFF  # no block of deflate begins so
    for content, said in (
        (whole[:-30], "broken"),
        (bytes(spoilt), "broken"),
        ((tmp_path / "bomb").read_bytes(), "10000000 bytes; too long"),
        ((tmp_path / "empty").read_bytes(), "holds no train-images"),
    ):
        with pytest.raises(UsageError, match=said):
            load_dataset(dataset, put(tmp_path / "here", {"gzip.zip": content}))


needs_mnist = pytest.mark.skipif(
    not (DATA / "mnist").is_dir(), reason="MEMCIRCUIT_DATA holds no mnist"
)
needs_fashion = pytest.mark.skipif(
    not (DATA / "fashion_mnist").is_dir(), reason="MEMCIRCUIT_DATA holds no fashion_mnist"
)
needs_letters = pytest.mark.skipif(
    not any((DATA / "emnist_letters").glob("*letters-train*")) and
    not (DATA / "emnist_letters" / "gzip.zip").is_file(),
    reason="MEMCIRCUIT_DATA holds no official emnist_letters",
)  # fmt: skip


@needs_mnist
def test_mnist_as_published():
    """Counts per digit and the mean grey value that are published for it (0.1307)."""
    training, test = load_mnist(DATA)
    assert training.images.shape == (60_000, 28, 28)
    assert np.bincount(test.labels).tolist() == [
        980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009,
    ]  # fmt: skip
    assert training.images.mean() / 255 == pytest.approx(0.1307, abs=5e-5)
    assert training.labels[:5].tolist() == [5, 0, 4, 1, 9]


@needs_fashion
def test_fashion_mnist_as_published():
    for part, each in zip(load_fashion_mnist(DATA), (6000, 1000), strict=True):
        assert np.bincount(part.labels).tolist() == [each] * 10


@needs_letters
def test_emnist_letters_as_published():
    for part, each in zip(load_emnist_letters(DATA), (4800, 800), strict=True):
        assert np.bincount(part.labels).tolist() == [each] * 26
