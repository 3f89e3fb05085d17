"""Modules of a text, as files give them that were edited."""

from __future__ import annotations

import linecache
import types


def module(text, name="typed_module", **names):
    """Return a module of this text, in which some names are there already."""
    made = types.ModuleType(name)
    made.__file__ = f"{name}.py"
    made.__dict__.update(names)
    linecache.cache[made.__file__] = (len(text), None, text.splitlines(keepends=True), name)
    exec(compile(text, made.__file__, "exec"), made.__dict__)  # noqa: S102 - text of a test
    return made
