"""The errors of both packages share one root, defined here because this package knows no other."""


class MemcircuitError(Exception):
    """Something was wrong; the message says what, where, and what would be right."""

    exit_status = 2


class NetlistError(MemcircuitError, ValueError):
    """A cell, a stimulus or a bench was asked for with values that make no circuit."""
