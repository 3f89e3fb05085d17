"""The figures that a card's publication states are what a simulation of the card gives."""

import pytest

import memcircuit as mc
from memcircuit.experiments.measures.compare import compare

CARDS = [
    card
    for card in mc.card_names()
    if any(entry.tolerance > 0 for entry in mc.device(card).card.measured.values())
]
#: Levels one by one, each after a sweep or a pulse: behavioural sources take long.
HEAVY = ("chen2020_hfox_a", "chen2020_hfox_b")


def _cases():
    for card in CARDS:
        yield pytest.param(card, "osdi")
        heavy = [pytest.mark.slow] if card in HEAVY else []
        yield pytest.param(card, "behavioural", marks=heavy)


@pytest.mark.parametrize(("card", "form"), list(_cases()))
def test_stated_figures_hold(card, form):
    found = compare(mc.device(card), form)
    assert found
    missed = [
        f"{c.figure}: {c.found:g} instead of {c.stated:g} {c.unit}" for c in found if not c.holds
    ]
    assert not missed
