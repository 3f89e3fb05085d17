"""The package as a whole: quick import, rooms in order, and a wheel that needs no checkout."""

import importlib.util
import inspect
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

import memcircuit as mc

ROOT = Path(__file__).resolve().parent.parent


def test_import_loads_nothing_heavy():
    heavy = {"numpy", "scipy", "sympy", "matplotlib", "xarray", "PySpice", "rich", "typer"}
    code = f"import sys, memcircuit; print(sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"


def test_every_public_name_is_there():
    for name in mc.__all__:
        assert getattr(mc, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        mc.nothing  # noqa: B018


def test_no_room_imports_from_a_room_further_right():
    lint = Path(sysconfig.get_path("scripts")) / "lint-imports"
    done = subprocess.run([lint], check=False, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    out = tmp_path_factory.mktemp("wheel")
    source = tmp_path_factory.mktemp("source") / "memcircuit"
    ignore = shutil.ignore_patterns(".venv", ".git", "out", "__pycache__", ".*_cache")
    shutil.copytree(ROOT, source, ignore=ignore)
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, source],
        check=True, capture_output=True,
    )  # fmt: skip
    return next(out.glob("*.whl"))


def test_wheel_carries_models_data_and_licences(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert "memcircuit/models/verilog_a/vteam.va" in names
    assert "memcircuit/models/ngspice/graded_bipolar.lib" in names
    assert "memcircuit/models/cards/lin2022_hfo2.toml" in names
    assert "memcircuit/networks/data/optdigits/LICENSE.txt" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not any(name.startswith(("tests/", "notebooks/")) for name in names)


def test_wheel_runs_the_demo_outside_the_checkout(wheel, tmp_path):
    """Our files come from the wheel alone; the libraries are those of this environment."""
    home = tmp_path / "venv"
    venv.create(home, with_pip=False)
    python = home / "bin" / "python"
    site = Path(
        subprocess.run(
            [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
            check=True, capture_output=True, text=True,
        ).stdout.strip()
    )  # fmt: skip
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    libraries = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    code = (
        "import sys; from pathlib import Path; import memcircuit, pyspice_netlists\n"
        f"sys.path += {libraries!r}\n"
        "from memcircuit.cli import main; main(['demo', '--out', 'demo'])\n"
    )
    done = subprocess.run(
        [python, "-c", code + "print(memcircuit.__file__)"],
        check=False, capture_output=True, text=True, cwd=tmp_path, env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "93.18%" in done.stdout
    assert (tmp_path / "demo" / "report.html").is_file()
    where = subprocess.run(
        [python, "-c", "import memcircuit; print(memcircuit.__file__)"],
        check=True, capture_output=True, text=True, cwd=tmp_path, env=environment,
    )  # fmt: skip
    assert where.stdout.startswith(str(site))


@pytest.mark.slow
def test_wheel_installs_into_an_empty_environment(wheel, tmp_path):
    """With pip and the package registry, as a user does it."""
    home = tmp_path / "venv"
    venv.create(home, with_pip=True)
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    for command in (
        [home / "bin" / "pip", "install", "--quiet", f"{wheel}[compiler]"],
        [home / "bin" / "memcircuit", "demo", "--out", "demo"],
    ):
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, cwd=tmp_path, env=environment
        )
        assert done.returncode == 0, done.stderr
    assert "Verilog-A (OSDI)" in done.stdout
    assert (tmp_path / "demo" / "report.html").is_file()


def test_no_name_of_a_room_is_hidden_by_its_file():
    """A file called like a function would take its place once it is imported."""
    for room in (mc, mc.sweeps, mc.networks, mc.simulate, mc.tables):
        for name in room.__all__:
            home = importlib.util.find_spec(f"{room.__name__}.{name}")
            assert home is None or inspect.ismodule(getattr(room, name)), f"{room.__name__}.{name}"
