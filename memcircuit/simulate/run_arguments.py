"""What every run takes, whatever it simulates."""

from __future__ import annotations

from memcircuit.checks import is_number
from memcircuit.errors import UsageError
from memcircuit.simulate.options import Options
from memcircuit.simulate.run_directory import kept_in


def check_run(*, options: object = None, time_limit: object = 1.0, keep: object = None) -> None:
    """Refuse options, a time limit (s) or a directory with which nothing could run.

    Raises:
        UsageError: naming the first of them.
    """
    kept_in(keep)
    if not isinstance(options, Options | None):
        raise UsageError(f"options={options!r} are no Options(...)")
    if not is_number(time_limit) or not time_limit > 0:
        raise UsageError(f"time_limit={time_limit!r} s must be a number above 0")
