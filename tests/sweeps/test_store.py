"""The store of finished points: what comes back, damage of every kind, and what is removed."""

from __future__ import annotations

import os
import pickle
import shutil
import time

import pytest
from stored_points import key, path_of, payload

from memcircuit.errors import StorageError, UsageError
from memcircuit.sweeps.store import Store


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def test_what_is_put_is_got(store):
    assert store.get(key(1)) is None
    for content in (b"", b"\0", os.urandom(100_000)):
        store.put(key(1), content)
        assert store.get(key(1)) == content
        assert Store(store.directory).get(key(1)) == content
    assert store.get(key(2)) is None
    assert path_of(store, 1).is_file()
    assert store.damaged == []


def test_the_default_place_is_in_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("MEMCIRCUIT_CACHE", str(tmp_path))
    assert Store().directory == tmp_path / "sweeps"
    assert Store().get(key(1)) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "wrong", ["", "ab", "../" + "a" * 61, "A" * 64, "g" * 64, "a" * 64 + "\n", b"a" * 64, None]
)
def test_a_wrong_key_is_refused(store, wrong):
    with pytest.raises(UsageError, match="64 hexadecimal digits"):
        store.get(wrong)
    with pytest.raises(UsageError, match="64 hexadecimal digits"):
        store.put(wrong, b"")


def test_every_flipped_bit_is_found(store):
    store.put(key(1), b"sixteen bytes...")
    whole = path_of(store, 1).read_bytes()
    for bit in range(8 * len(whole)):
        broken = bytearray(whole)
        broken[bit // 8] ^= 1 << bit % 8
        path_of(store, 1).write_bytes(broken)
        assert store.get(key(1)) is None
        assert not path_of(store, 1).exists()
    assert store.damaged == [key(1)] * 8 * len(whole)


def test_every_wrong_length_is_found(store):
    store.put(key(1), b"sixteen bytes...")
    whole = path_of(store, 1).read_bytes()
    broken = [whole[:length] for length in range(len(whole))]
    for content in (*broken, whole + b"\0", whole + whole, bytes(len(whole))):
        path_of(store, 1).write_bytes(content)
        assert store.get(key(1)) is None
        assert not path_of(store, 1).exists()


def test_a_damaged_entry_is_put_anew(store):
    store.put(key(1), b"first")
    path_of(store, 1).write_bytes(b"")
    assert store.get(key(1)) is None
    store.put(key(1), b"again")
    assert store.get(key(1)) == b"again"


def test_the_file_of_another_key_is_not_believed(store):
    store.put(key(1), b"one")
    store.put(key(2), b"two")
    shutil.copyfile(path_of(store, 1), path_of(store, 2))
    assert store.get(key(2)) is None
    assert store.get(key(1)) == b"one"
    assert store.damaged == [key(2)]


def test_check_finds_all_damage_and_nothing_else(store):
    for number in range(20):
        store.put(key(number), payload(number, 64))
    path_of(store, 3).write_bytes(path_of(store, 3).read_bytes()[:-1])
    path_of(store, 4).rename(path_of(store, 4).with_name("notes.entry"))
    os.utime(path_of(store, 5), (1.0, 1.0))
    found = store.check()
    assert {entry.key for entry in found} == {key(3), "notes"}
    assert sorted(store.damaged) == sorted(entry.key for entry in found)
    assert not any(entry.path.exists() for entry in found)
    assert {entry.key for entry in store.entries()} == {
        key(number) for number in range(20) if number not in {3, 4}
    }
    # looking is no use
    assert path_of(store, 5).stat().st_mtime == 1.0
    assert store.check() == []


def test_entries_tell_size_and_last_use(store):
    before = time.time() - 1.0
    store.put(key(1), bytes(1000))
    os.utime(path_of(store, 1), (5.0, 5.0))
    (entry,) = store.entries()
    assert (entry.key, entry.path, entry.last_used) == (key(1), path_of(store, 1), 5.0)
    assert entry.size == path_of(store, 1).stat().st_size == store.size
    assert 1000 < entry.size < 1100
    store.get(key(1))
    (entry,) = store.entries()
    assert before <= entry.last_used <= time.time() + 1.0


@pytest.mark.parametrize("size", ["2", None, float("nan"), True])
def test_a_size_is_a_number_of_bytes(store, size):
    with pytest.raises(UsageError, match=r"^size, bytes, is .*; it must be a number at least 0"):
        store.limit(size)


def test_limit_removes_the_least_recently_used(store):
    for number in range(10):
        store.put(key(number), bytes(100))
        os.utime(path_of(store, number), (1000.0 + number,) * 2)
    store.get(key(0))  # now the most recently used
    one = store.size // 10
    removed = store.limit(4 * one)
    assert [entry.key for entry in removed] == [key(number) for number in range(1, 7)]
    assert store.size == 4 * one
    assert store.limit(4 * one) == []
    assert len(store.limit(4 * one - 1)) == 1
    assert store.get(key(0)) == bytes(100)
    assert len(store.limit(0)) == 3
    assert store.size == 0
    with pytest.raises(UsageError, match="size, bytes, is -1"):
        store.limit(-1)


def test_clear_leaves_what_is_not_its_own(store):
    for number in range(10):
        store.put(key(number), b"x")
    (store.directory / "notes.txt").write_text("mine")
    assert {entry.key for entry in store.clear()} == {key(number) for number in range(10)}
    assert [path.name for path in store.directory.rglob("*.*")] == ["notes.txt"]
    assert store.size == 0
    assert store.clear() == []
    assert store.limit(0) == []
    assert store.check() == []


def test_logs_go_with_their_entries(store):
    for number in range(2):
        store.put(key(number), bytes(100))
        os.utime(path_of(store, number), (1000.0 + number,) * 2)
    logs = [store.keep_log(f"{key(number)}-0", "no convergence \ud800") for number in range(2)]
    assert logs[0].read_text() == "no convergence ?"
    for log in logs:
        os.utime(log, (1000.0, 1000.0))
    with store.in_use():
        ours = store.keep_log(f"{key(2)}-0", "of a point not kept")
        store.limit(store.size // 2)
    assert [log.exists() for log in (*logs, ours)] == [False, True, True]
    store.clear()
    assert not any(log.exists() for log in (*logs, ours))


def test_a_directory_that_cannot_be_made_says_how_to_go_on(tmp_path):
    blocked = tmp_path / "a file"
    blocked.write_text("")
    store = Store(blocked)
    for use in (
        lambda: store.put(key(1), b"x"),
        lambda: store.get(key(1)),
        lambda: list(store.entries()),
        lambda: store.in_use().__enter__(),
    ):
        with pytest.raises(StorageError, match=r"What is finished is kept.*same command") as caught:
            use()
        assert str(blocked) in str(caught.value)
        assert caught.value.exit_status == 3


def test_limit_keeps_what_a_running_sweep_has_used(store):
    for number in range(4):
        store.put(key(number), bytes(100))
        os.utime(path_of(store, number), (1000.0 + number,) * 2)
    with store.in_use():
        store.get(key(1))
        store.put(key(4), bytes(100))
        assert [entry.key for entry in store.limit(0)] == [key(0), key(2), key(3)]
    assert {entry.key for entry in store.limit(0)} == {key(1), key(4)}
    assert list((store.directory / "in_use").iterdir()) == []


@pytest.mark.parametrize("remove", [lambda store: store.limit(0), Store.clear])
def test_what_is_in_use_stays_whatever_the_clock_says(store, remove):
    for number in range(3):
        store.put(key(number), b"x")
    with store.in_use():
        store.get(key(1))
        store.put(key(3), b"x")
        log = store.keep_log(f"{key(4)}-0", "of a point not kept")
        for number in (0, 1, 3):
            os.utime(path_of(store, number), (1.0, 1.0))  # as when the clock was set back
        os.utime(log, (1.0, 1.0))
        # asked by another process, with a clock of its own
        assert {entry.key for entry in remove(Store(store.directory))} == {key(0), key(2)}
        assert log.exists()
    assert {entry.key for entry in remove(store)} == {key(1), key(3)}
    assert not log.exists()


def test_two_sweeps_on_one_store_use_what_each_has_used(store):
    with store.in_use():
        with store.in_use():
            store.put(key(1), b"x")
        store.put(key(2), b"x")
        assert store.clear() == []
    assert len(store.clear()) == 2


def test_a_store_can_be_handed_to_a_worker(store):
    store.put(key(1), b"x")
    assert pickle.loads(pickle.dumps(store)).get(key(1)) == b"x"  # noqa: S301 - our own bytes
