"""Numbers with units, as sweep files and the command line take them."""

import pytest

from memcircuit.errors import ParameterError
from memcircuit.sweeps.specification.quantities import quantity


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("0.03 1/s", "1/s", 0.03), ("5m", "m", 5.0), ("5mm", "m", 5e-3), ("2um", "m", 2e-6),
        ("5m", "V", 5e-3), ("300K", "K", 300.0), ("1 kohm", "ohm", 1e3),
        ("2\N{OHM SIGN}", "ohm", 2.0),
        ("0.51", "1", 0.51), ("1.5e3 V/s", "V/s", 1.5e3), ("1us", "s", 1e-6), ("4kHz", "Hz", 4e3),
    ],
)  # fmt: skip
def test_units_are_read_before_prefixes(text, unit, value):
    assert quantity(text, unit, "x") == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "unit", "message"),
    [
        ("2 Ohm", "m", "x = '2 Ohm' has unit 'ohm'; expected 'm'"),
        ("5 mV", "1", "x = '5 mV' has unit 'V'; expected none"),
        ("1s s", "s", "x = '1s s' "),
        ("3 kg", "s", "x = '3 kg' has unit 'g'; expected 's'"),
    ],
)
def test_another_unit_is_named_whole(text, unit, message):
    with pytest.raises(ParameterError) as told:
        quantity(text, unit, "x")
    assert str(told.value).startswith(message)
    assert "has unit 's'; expected 's'" not in str(told.value)


@pytest.mark.parametrize(("text", "unit"), [("5", "V"), ("1meg", "ohm"), ("10%", "1"), ("", "V")])
def test_no_quantity(text, unit):
    if text == "5":
        assert quantity(text, unit, "x") == 5.0
    else:
        with pytest.raises(ParameterError):
            quantity(text, unit, "x")
