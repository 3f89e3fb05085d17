"""Cards: what is wrong is named, with the place and what would be right."""

import tomllib

import pytest

import memcircuit as mc
from memcircuit.devices.cards import card_names, cards_directory, load_card, parse_card
from memcircuit.errors import CardError, MemcircuitError, ParameterError


@pytest.fixture
def content():
    return tomllib.loads((cards_directory() / "lin2022_hfo2.toml").read_text(encoding="utf-8"))


def _parse(content, tmp_path):
    return parse_card(content, tmp_path / "mine.toml")


@pytest.mark.parametrize("name", card_names())
def test_every_card_is_whole(name):
    card = load_card(name)
    assert set(card.parameters) <= set(card.model.by_name)
    assert {p.name for p in card.model.parameters if not p.optional} <= set(card.parameters)
    assert "doi:" in card.citation
    for entry in card.parameters.values():
        assert entry.source
        assert entry.reason or entry.source != "chosen"


def test_card_states_the_papers_numbers():
    card = load_card("lin2022_hfo2")
    # Lin et al. 2022, section 2: 1 uS to 350 uS, +-1.8 V / 1 us, read at 0.2 V
    assert card.parameters["g_min"].value == 1e-6
    assert card.parameters["g_max"].value == 350e-6
    assert card.pulses["set"]["amplitude"].value == 1.8
    assert card.pulses["reset"]["amplitude"].value == -1.8
    assert card.pulses["set"]["width"].value == card.pulses["reset"]["width"].value == 1e-6
    assert card.pulses["read"]["amplitude"].value == 0.2
    assert card.transistor == "2n7002"


def test_unknown_card_lists_the_known():
    with pytest.raises(CardError, match=r"no card 'lin2023'; there are .*_vteam, lin2022_hfo2"):
        mc.device("lin2023")


def test_unreadable_and_broken_files(tmp_path):
    with pytest.raises(CardError, match="cannot be read"):
        load_card(tmp_path / "missing.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text('title = "unfinished\n', encoding="utf-8")
    with pytest.raises(CardError, match=r"broken\.toml: not valid TOML.*line 1"):
        load_card(broken)
    broken.write_bytes(b"\xff\xfe")
    with pytest.raises(CardError, match="not valid TOML"):
        load_card(broken)


def test_own_card_by_path(tmp_path):
    text = (cards_directory() / "lin2022_hfo2.toml").read_text(encoding="utf-8")
    path = tmp_path / "mine.toml"
    path.write_text(text.replace("value = 350e-6", "value = 200e-6"), encoding="utf-8")
    assert mc.device(path).parameters["g_max"] == 200e-6


@pytest.mark.parametrize(
    ("section", "key", "value", "error", "message"),
    [
        ("parameters", "g_max", {"value": 350.0, "unit": "uS", "source": "x"}, ParameterError,
         r"parameters\.g_max: unit 'uS'; expected 'S'"),
        ("parameters", "g_max", {"value": -1.0, "unit": "S", "source": "x"}, ParameterError,
         "g_max = -1 S is outside its range"),
        ("parameters", "g_max", {"value": "big", "unit": "S", "source": "x"}, CardError,
         "is not a finite number"),
        ("parameters", "g_max", 350e-6, CardError, r'write \{ value = ..., unit = "S"'),
        ("parameters", "g_max", {"value": 1e-4, "unit": "S", "source": "chosen"}, CardError,
         "chosen.*with a reason"),
        ("parameters", "g_maxi", {"value": 1.0, "unit": "S", "source": "x"}, ParameterError,
         "no parameter 'g_maxi'"),
        ("pulses", "sett", {}, CardError, "unknown 'sett'"),
        ("pulses", "set", {"amplitude": {"value": 1.8, "unit": "V", "source": "x"}}, CardError,
         "needs amplitude and width"),
        ("variation", "device", {}, CardError, "unknown 'device'"),
        ("cell", "gate", {"value": 5.0, "unit": "mV", "source": "x"}, ParameterError,
         "expected 'V'"),
        ("source", "year", "2022", CardError, "year must be a whole number"),
    ],
)  # fmt: skip
def test_wrong_entries(content, tmp_path, section, key, value, error, message):
    content[section][key] = value
    with pytest.raises(error, match=message):
        _parse(content, tmp_path)


def test_wrong_spread(content, tmp_path):
    content["variation"]["device_to_device"] = {
        "v_ohmic": {"value": 0.1, "unit": "1", "source": "x"}
    }
    with pytest.raises(ParameterError, match="'v_ohmic' does not vary"):
        _parse(content, tmp_path)


@pytest.mark.parametrize("missing", ["title", "model", "source", "parameters"])
def test_missing_sections(content, tmp_path, missing):
    del content[missing]
    with pytest.raises(CardError, match=f"section '{missing}' is missing"):
        _parse(content, tmp_path)


def test_missing_parameter(content, tmp_path):
    del content["parameters"]["k_set"]
    with pytest.raises(CardError, match="parameters without a value: k_set"):
        _parse(content, tmp_path)


def test_unknown_model(content, tmp_path):
    content["model"] = "vteam2"
    with pytest.raises(MemcircuitError, match="no model 'vteam2'; there are"):
        _parse(content, tmp_path)
