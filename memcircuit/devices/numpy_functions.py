"""Sympy's way from expressions to functions of numbers, one thread at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import sympy as sp

# The first use of `lambdify` fills a table of names that belongs to the process; a second thread
# would take it half filled, and get a function without `maximum`.
_LOCK = threading.Lock()


def numpy_function(*expression: Any, **options: Any) -> Callable[..., Any]:
    """Return what ``sympy.lambdify`` returns."""
    with _LOCK:
        function: Callable[..., Any] = sp.lambdify(*expression, **options)
    return function
