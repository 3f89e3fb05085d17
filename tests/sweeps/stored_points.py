"""Points that have a key and a payload by their number, for every process of a test."""

from __future__ import annotations

import hashlib


def key(number):
    return hashlib.sha256(str(number).encode()).hexdigest()


def payload(number, size):
    return hashlib.sha256(b"payload%d" % number).digest() * (size // 32)


def path_of(store, number):
    return store.directory / key(number)[:2] / f"{key(number)}.entry"
