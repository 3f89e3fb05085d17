"""Plain CSV holds a whole table, and refuses what is none."""

import csv

import numpy as np
import pytest
from synthetic_tables import soft_bounds

import memcircuit as mc
from memcircuit.errors import TableError, UsageError
from memcircuit.tables.exchange import FORMATS, export_table, import_table
from memcircuit.tables.exchange.formats import Table

HEADER = "device,cycle,direction,step,conductance (S),energy (J)"
LEVELS = "level,conductance (S),device_to_device (S),cycle_to_cycle (S),read_noise (S)"
WHOLE = [
    HEADER,
    "0,0,set,0,1e-6,0",
    "0,0,set,1,2e-6,1e-12",
    "0,0,reset,0,2e-6,0",
    "0,0,reset,1,1.5e-6,2e-12",
]


def _write(file, lines, end="\n"):
    file.write_bytes(end.join(lines).encode())
    return file


@pytest.mark.parametrize(("ups", "downs"), [(12, 12), (12, 7), (3, 9)])
def test_a_conductance_table_comes_back_whole(tmp_path, ups, downs):
    table = soft_bounds(devices=3, cycles=2, ups=ups, downs=downs, gain_spread=0.2)
    (file,) = export_table(table, "csv", tmp_path / "table.csv")
    assert import_table("csv", file) == table


def test_a_simulated_table_goes_to_every_format(tmp_path, rng):
    cell = mc.cells.OneTransistorOneMemristor(mc.device("lin2022_hfo2"))
    train = mc.pulse_cycles(cell, rng, devices=2, cycles=2, pulses=4)
    table = mc.ConductanceTable.from_pulses(train)
    (file,) = export_table(table, "csv", tmp_path / "table.csv")
    assert import_table("csv", file) == table
    for name, chosen in FORMATS.items():
        given = table if mc.ConductanceTable in chosen.kinds else mc.LevelTable.from_pulses(table)
        given = given.thinned(2) if name == "neurosim" else given
        options = {"conductance_range": (1e-6, 4e-4)} if name == "aihwkit_pulses" else {}
        export_table(given, name, tmp_path / name, **options)
        assert isinstance(import_table(name, tmp_path / name, **options), Table)


def test_any_program_reads_it(tmp_path):
    table = soft_bounds(devices=2, ups=4, downs=2, gain_spread=0.2)
    (file,) = export_table(table, "csv", tmp_path / "table.csv")
    lines = file.read_text(encoding="utf-8").splitlines()
    comments = [line for line in lines if line.startswith("#")]
    assert '# attribute device = "soft bounds"' in comments
    assert "# attribute temperature = 300.0" in comments
    rows = list(csv.DictReader(lines[len(comments) :]))
    assert len(rows) == 2 * (5 + 3)
    for row in rows:
        values = table.curves(row["direction"])[int(row["device"]), 0]
        assert float(row["conductance (S)"]) == values[int(row["step"])]


def test_a_level_table_comes_back_whole(tmp_path, rng):
    levels = mc.LevelTable.of(
        rng.uniform(1e-6, 1e-4, 16),
        device_to_device=rng.uniform(0, 1e-6, 16),
        cycle_to_cycle=rng.uniform(0, 1e-6, 16),
        read_noise=1e-8,
    )
    (file,) = export_table(levels, "csv", tmp_path / "levels.csv")
    back = import_table("csv", file)
    for name in ("conductance", "device_to_device", "cycle_to_cycle", "read_noise"):
        np.testing.assert_array_equal(getattr(back, name), getattr(levels, name))
    # numpy reads it too
    columns = np.genfromtxt(file, delimiter=",", skip_header=2, unpack=True)
    np.testing.assert_array_equal(columns[1], levels.conductance)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_marks_and_blank_lines_of_any_editor(tmp_path, end, mark):
    file = _write(
        tmp_path / "table.csv", ["", "# a comment, with a comma", *WHOLE, "", " ", ""], end
    )
    file.write_bytes(mark + file.read_bytes())
    table = import_table("csv", file)
    np.testing.assert_array_equal(table.curves("reset")[0, 0], [2e-6, 1.5e-6])
    assert table.pulse_energy("set") == 1e-12


def test_lines_in_any_order_and_numbers_of_any_devices(tmp_path):
    lines = [line.replace("0,0,", "7,3,", 1) for line in WHOLE[1:]]
    table = import_table("csv", _write(tmp_path / "table.csv", [HEADER, *reversed(lines)]))
    assert table == mc.ConductanceTable(
        import_table("csv", _write(tmp_path / "whole.csv", WHOLE)).dataset.assign_coords(
            device=np.array([7], dtype=np.int32), cycle=np.array([3], dtype=np.int32)
        )
    )


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([], "0 lines with text"),
        (["# one", "# two"], "comments only; the header is device,cycle"),
        (["a,b", "1,2"], "line 1: header 'a,b'; must be"),
        (["# attribute x = {", *WHOLE], r"line 1: attribute 'x' = '\{' is not NAME = JSON"),
        ([*WHOLE, "0,0,set,2,3e-6"], "line 6: 5 columns separated by ',', not 6"),
        ([*WHOLE, "0;0;set;2;3,1e-6;0"], "line 6: 2 columns .* semicolons and decimal commas"),
        ([*WHOLE, "0,0,up,2,3e-6,0"], "line 6: direction 'up'; must be set or reset"),
        ([*WHOLE, "0,0,set,2,-3e-6,0"], "line 6: conductance -3e-06 S; must be above 0"),
        ([*WHOLE, "0,0,set,2,nan,0"], "line 6: 'nan' is no finite number"),
        ([*WHOLE, "0,0,set,2,inf,0"], "line 6: 'inf' is no finite number"),
        ([*WHOLE, "0,0,set,2,1_0,0"], "line 6: '1_0' is no finite number"),
        ([*WHOLE, "0,0,set,2,3e-6,x"], "line 6: 'x' is no finite number"),
        ([*WHOLE, "0,0,set,2.5,3e-6,0"], "line 6: '2.5' is no whole number"),
        ([*WHOLE, "-1,0,set,2,3e-6,0"], "line 6: '-1' is no whole number"),
        ([*WHOLE, "1e99,0,set,2,3e-6,0"], "line 6: '1e99' is no whole number"),
        ([*WHOLE, "0,0,set,2,1e300,0"], "line 6: '1e300' is no finite number"),
        ([*WHOLE, "0,0,set,1,3e-6,0"], "5 lines for 1 devices, 1 cycles .* a whole table has 4"),
        ([*WHOLE, "0,0,set,3,3e-6,0", "0,0,set,1,3e-6,0"], "line 7: the same device, cycle"),
        ([*WHOLE, "0,0,set,2000000000,3e-6,0"], "a whole table has 2000000003"),
        ([*WHOLE, "1,0,set,0,3e-6,0"], "a whole table has 8"),
        (WHOLE[:3], r"nan S at device 0, cycle 0, direction 1, step 0"),
        ([HEADER, "0,0,set,0,1e-6,0", "0,0,reset,0,1e-6,0"], "holds no pulse"),
        ([LEVELS, "0,1e-6,0,0,0"], "1 levels; at least 2"),
        ([LEVELS, "0,1e-6,0,0,0", "1,1e-6,0,0,0"], "level 1 is not above level 0"),
        ([LEVELS, "0,1e-6,0,0,0", "2,2e-6,0,0,0"], "numbered 0, 1, 2"),
        ([LEVELS, "0,1e-6,0,0,0", "1,2e-6,-1,0,0"], "device_to_device of level 1 is -1 S"),
    ],
)
def test_files_that_hold_no_table(tmp_path, lines, words):
    with pytest.raises(TableError, match=words) as error:
        import_table("csv", _write(tmp_path / "table.csv", lines))
    assert "table.csv" in str(error.value)


def test_files_that_are_no_text(tmp_path):
    file = tmp_path / "table.csv"
    file.write_bytes("\n".join(WHOLE).encode("utf-16"))
    with pytest.raises(TableError, match="not UTF-8 at byte 0; save it as UTF-8"):
        import_table("csv", file)
    with pytest.raises(TableError, match=r"cannot read .*missing\.csv: No such file"):
        import_table("csv", tmp_path / "missing.csv")
    with pytest.raises(TableError, match="cannot read"):
        import_table("csv", tmp_path)
    with file.open("wb") as stream:
        stream.truncate(200 * 2**20)
    with pytest.raises(TableError, match="209715200 bytes; at most 134217728"):
        import_table("csv", file)


def test_attributes_that_no_comment_holds(tmp_path):
    table = soft_bounds(ups=2, downs=2)
    for attributes in ({"f": object()}, {"two\nlines": 1}, {"a = b": 1}):
        bad = mc.ConductanceTable(table.dataset.assign_attrs(attributes))
        with pytest.raises(TableError, match="no CSV comment can hold"):
            export_table(bad, "csv", tmp_path / "table.csv")
    kept = mc.ConductanceTable(table.dataset.assign_attrs(text="a\nb = é", none=None, many=[1, 2]))
    (file,) = export_table(kept, "csv", tmp_path / "table.csv")
    assert import_table("csv", file) == kept


def test_formats_options_and_kinds_are_named_when_wrong(tmp_path):
    table = soft_bounds(ups=2, downs=2)
    with pytest.raises(UsageError, match="format 'hdf'; choose one of aihwkit, aihwkit_pulses"):
        export_table(table, "hdf", tmp_path / "x")
    with pytest.raises(UsageError, match="format 'hdf'"):
        import_table("hdf", tmp_path / "x")
    with pytest.raises(UsageError, match=r"LevelTable\.from_pulses"):
        export_table(table, "neurosim", tmp_path / "x")
    with pytest.raises(UsageError, match=r"crosssim: options \['point'\]; it knows points, device"):
        export_table(table, "crosssim", tmp_path / "x", point=5)
    with pytest.raises(UsageError, match=r"csv: options \['unit'\]; it knows none"):
        import_table("csv", tmp_path / "x", unit=5)
    with pytest.raises(UsageError, match="cannot write"):
        export_table(table, "csv", tmp_path)
    assert not list(tmp_path.iterdir())
