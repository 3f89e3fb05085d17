"""NeuroSim's memory states, read the way its source reads them."""

import csv

import numpy as np
import pytest

import memcircuit as mc
from memcircuit.errors import TableError
from memcircuit.tables.exchange import export_table, import_table


def _as_neurosim_reads(file, bitcell):
    """init_cim of NeuroSim V1.5: columns by their exact names, every further line a state."""
    with file.open() as stream:
        reader = csv.reader(stream)
        header = next(reader)
        mean, std = header.index("mean"), header.index("std")
        rows = [(float(row[mean]), float(row[std])) for row in reader]
    assert len(rows) == 2**bitcell
    return np.array(rows, dtype=np.float32).T


def test_states_have_mean_and_deviation_of_the_levels(tmp_path):
    levels = mc.LevelTable.of(
        [10e-6, 20e-6, 40e-6, 80e-6], device_to_device=3e-7, cycle_to_cycle=[0, 4e-7, 0, 4e-7]
    )
    (file,) = export_table(levels, "neurosim", tmp_path / "mem_states.csv")
    mean, std = _as_neurosim_reads(file, bitcell=2)
    np.testing.assert_allclose(mean, levels.conductance, rtol=1e-7)
    np.testing.assert_allclose(std, [3e-7, 5e-7, 3e-7, 5e-7], rtol=1e-7)
    # off is the first and on the last: the feedback of its amplifier is 1 / (rows * (on - off))
    assert np.all(np.diff(mean) > 0)
    back = import_table("neurosim", file)
    np.testing.assert_array_equal(back.conductance, levels.conductance)
    np.testing.assert_allclose(back.device_to_device, [3e-7, 5e-7, 3e-7, 5e-7], rtol=1e-15)
    assert not back.cycle_to_cycle.any()


def test_its_own_example(tmp_path):
    file = tmp_path / "mem_states.csv"
    file.write_bytes(b"states,mean,std\r\n0,1.10E-05,1.10E-08\r\n1,2.30E-05,7.30E-08\r\n")
    levels = import_table("neurosim", file)
    np.testing.assert_array_equal(levels.conductance, [1.1e-5, 2.3e-5])
    np.testing.assert_array_equal(levels.device_to_device, [1.1e-8, 7.3e-8])


def test_a_number_of_levels_that_no_cell_has(tmp_path):
    levels = mc.LevelTable.uniform(0, 1e-4, 21)
    with pytest.raises(TableError, match=r"21 levels; .* table.thinned\(16\)"):
        export_table(levels, "neurosim", tmp_path / "mem_states.csv")
    export_table(levels.thinned(16), "neurosim", tmp_path / "mem_states.csv")


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["states,mean", "0,1e-6", "1,2e-6"], "line 1: columns .* lack 'mean' or 'std'"),
        (["states,mean,std", "0,1e-6,0", "1,2e-6"], "line 3: 2 columns separated by ',', not 3"),
        (["states,mean,std", "0,1e-6,0", "1,1e-6,0"], "level 1 is not above level 0"),
        (["states,mean,std", "0,1e-6,0", "1,2e-6,-1"], "device_to_device of level 1 is -1"),
        (["states,mean,std", "0,1e-6,0"], "2 lines with text; at least 3"),
        (["states;mean;std", "0;1e-6;0", "1;2e-6;0"], "lack 'mean' or 'std'"),
    ],
)
def test_files_that_hold_no_states(tmp_path, lines, words):
    (tmp_path / "mem_states.csv").write_text("\n".join(lines))
    with pytest.raises(TableError, match=words):
        import_table("neurosim", tmp_path / "mem_states.csv")
