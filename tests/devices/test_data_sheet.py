"""The data sheet says what the card and the model say."""

import json

import pytest

from memcircuit.devices.cards import card_names, load_card
from memcircuit.devices.data_sheet import data_sheet
from memcircuit.devices.device import device
from memcircuit.devices.library import model, model_names
from memcircuit.errors import CardError


@pytest.mark.parametrize("name", card_names())
def test_the_sheet_of_a_card_holds_the_parameters_of_its_device(name):
    sheet = data_sheet(name)
    assert {value.name: value.value for value in sheet.parameters} == device(name).parameters
    assert all(value.source for value in sheet.parameters)
    facts = json.loads(json.dumps(sheet.facts(), allow_nan=False))
    assert (facts["kind"], facts["model"]) == ("card", load_card(name).model.name)
    loop = load_card(name).loop
    assert {k: v["value"] for k, v in facts["stimuli"]["loop"].items()} == {
        k: entry.value for k, entry in loop.items()
    }


@pytest.mark.parametrize("name", model_names())
def test_the_sheet_of_a_model_holds_its_defaults_and_cards(name):
    facts = json.loads(json.dumps(data_sheet(name).facts(), allow_nan=False))
    assert facts["kind"] == "model"
    assert facts["equations"] == list(model(name).equations)
    assert {v["name"]: v["value"] for v in facts["parameters"]} == model(name).values({}, name)
    assert all(load_card(card).model.name == name for card in facts["cards"])
    assert facts["cards"]


def test_choices_are_named():
    window = next(v for v in data_sheet("team").parameters if v.name == "window")
    assert window.choice == "biolek"
    assert "5 kvatinsky" in window.range


def test_a_card_of_ones_own(tmp_path):
    text = load_card("lin2022_hfo2").path.read_text(encoding="utf-8")
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    assert data_sheet(tmp_path / "mine.toml").name == "mine"


def test_an_unknown_name_lists_what_there_is():
    with pytest.raises(
        CardError, match=r"no card or model 'lin'; cards: .*lin2022.*models: .*vteam"
    ):
        data_sheet("lin")
