"""Whatever stands in a file, importing gives a table or a TableError."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memcircuit.errors import TableError
from memcircuit.tables.exchange import import_table

CELLS = st.sampled_from(
    ["0", "1", "2", "0.5", "-1", "1e-6", "2e-6", "3e-6", "1e99", "1e-320", "1e308", "nan", "", "x",
     "set", "reset", "٣", "1,2", "#", '"1"', "2147483648", "\x00", "\x1c", "\u2028"]
)  # fmt: skip
LINES = st.lists(st.lists(CELLS, min_size=1, max_size=6), max_size=7)
HEADERS = st.sampled_from(
    [
        "",
        "device,cycle,direction,step,conductance (S),energy (J)",
        "level,conductance (S),device_to_device (S),cycle_to_cycle (S),read_noise (S)",
        "states,mean,std",
        "up_data,down_data",
        "heading",
    ]
)
PARTS = {
    "csv": [""],
    "neurosim": [""],
    "aihwkit": [""],
    "aihwkit_pulses": [""],
    "crosssim": ["/dG_increasing.txt", "/dG_decreasing.txt"],
    "xbtorch": [
        f"_{direction}_{part}.txt"
        for direction in ("set", "reset")
        for part in ("axis_level_G", "axis_level_dG", "cdf")
    ],
}


@pytest.mark.parametrize("name", PARTS)
@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(header=HEADERS, content=LINES, separator=st.sampled_from([",", " ", ";", "\n"]))
def test_nothing_but_table_errors(tmp_path, name, header, content, separator):
    text = "\n".join([header, *(separator.join(cells) for cells in content)])
    target = tmp_path / "table"
    if name == "crosssim":
        target.mkdir(exist_ok=True)
    for part in PARTS[name]:
        (tmp_path / f"table{part}").write_bytes(text.encode())
    try:
        import_table(name, target)
    except TableError as error:
        assert "table" in str(error)  # noqa: PT017


@pytest.mark.parametrize("name", ["csv", "neurosim", "aihwkit", "aihwkit_pulses", "crosssim"])
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(content=st.binary(max_size=200))
def test_any_bytes(tmp_path, name, content):
    (tmp_path / "table").write_bytes(content)
    with pytest.raises(TableError):
        import_table(name, tmp_path / "table")
