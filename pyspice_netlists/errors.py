"""The error of this package."""


class NetlistError(ValueError):
    """A cell, a stimulus or a bench was asked for with values that make no circuit."""
