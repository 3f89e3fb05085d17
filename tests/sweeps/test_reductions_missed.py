"""What no result of a sweep has: told after the first points, wherever and however they run."""

import functools

import pytest
import swept_functions as own

import memcircuit as mc
from memcircuit.errors import UsageError
from memcircuit.simulate import ngspice
from memcircuit.sweeps.reductions import Reduction, Reductions

DEVICE = mc.device("lin2022_hfo2")
TRAIN = functools.partial(mc.pulse_train, DEVICE, reset_pulses=0)
LATE = Reductions({"late": Reduction("conductance", {"pulse": 7})})


@pytest.fixture
def began(monkeypatch):
    """The runs of ngspice in this process."""
    runs = []
    real = ngspice.run_waves
    monkeypatch.setattr(ngspice, "run_waves", lambda *a, **k: runs.append(1) or real(*a, **k))
    return runs


def _swept(tmp_path, experiment, parameters, measure=LATE, **options):
    return mc.sweep(
        experiment, parameters, measure=measure, store=tmp_path, progress="quiet",
        **({"jobs": 1} | options),
    )  # fmt: skip


@pytest.mark.parametrize("batch", [True, False])
def test_a_place_that_no_point_has_ends_the_sweep_after_one_simulation(tmp_path, began, batch):
    tied = functools.partial(TRAIN, pulses=1)
    for _ in range(2):  # the second time nothing is simulated
        with pytest.raises(
            UsageError, match=r"^measure late: conductance at pulse = 7: there are 2, from 0$"
        ):
            _swept(tmp_path, tied, {"set.amplitude": [1.5, 1.6, 2]}, batch=batch)
        assert len(began) == 1


@pytest.mark.parametrize(
    ("measure", "message"),
    [
        (Reduction("conductance", {"cell": 0}), "conductance has no dimension 'cell', but pulse"),
        (Reduction("weight"), "there is no result 'weight'; there is conductance"),
        (Reduction("state", {"memristor": 1}), "state has no dimension 'memristor', but pulse"),
    ],
)
@pytest.mark.parametrize(
    "parameters", [{"device.k_set": [0.02, 0.03]}, {"device": ["lin2022_hfo2", DEVICE]}]
)
def test_what_a_cell_of_this_kind_has_not_is_told_at_once(
    tmp_path, began, measure, message, parameters
):
    tied = functools.partial(TRAIN, pulses=1)
    with pytest.raises(UsageError, match=f"^measure kept: {message}"):
        _swept(tmp_path, tied, parameters, Reductions({"kept": measure}))
    assert len(began) == 1


def test_worker_processes_are_ended_too(tmp_path):
    with pytest.raises(UsageError, match="there are 2, from 0"):
        _swept(
            tmp_path, functools.partial(TRAIN, pulses=1), {"device.k_set": [0.01, 0.02]}, jobs=2,
            batch=False,
        )  # fmt: skip


@pytest.mark.parametrize("order", [[1, 8], [8, 1]])
def test_where_lengths_are_swept_the_others_go_on_in_any_order(tmp_path, order):
    found = _swept(tmp_path, TRAIN, {"pulses": order})
    assert found["status"].values.tolist() == [int(count == 1) for count in order]
    assert "there are 2, from 0" in str(found["error"].sel(pulses=1).item())


def test_cells_of_another_kind_may_have_what_the_first_has_not(tmp_path):
    cells = [mc.cells.OneMemristor(DEVICE), mc.cells.TwoMemristors(DEVICE)]
    tied = functools.partial(mc.pulse_train, cells[0], pulses=1, reset_pulses=0)
    second = Reductions({"second": Reduction("state", {"memristor": 1, "pulse": -1})})
    found = _swept(tmp_path, tied, mc.sweeps.zipped({"cell": cells}), second)
    assert found["status"].values.tolist() == [1, 0]


def test_results_of_functions_of_ones_own_may_differ_from_point_to_point(tmp_path):
    third = Reductions({"third": Reduction("height", {"order": 2})})
    found = _swept(tmp_path, own.spectrum, {"top": [2, 3]}, third)
    assert found["status"].values.tolist() == [1, 0]


@pytest.mark.parametrize("name", ["gate", "device"])
def test_what_is_swept_is_no_name_of_a_result(tmp_path, began, name):
    cell = mc.cells.OneTransistorOneMemristor(DEVICE)
    tied = functools.partial(mc.pulse_train, cell, pulses=1, reset_pulses=0)
    named = Reductions({name: Reduction("conductance")})
    with pytest.raises(UsageError, match=f"measure {name}: the sweep changes {name} itself"):
        _swept(tmp_path, tied, {"gate": [3.0, 3.3], "device": ["lin2022_hfo2"]}, named)
    assert not began
