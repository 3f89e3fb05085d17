"""What the documents print runs as printed."""

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


README_WRITES = ({"loop.png", "hfo2.nc"}, {"wires.png"})


def readme_blocks():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)


def test_readme_shows_short_examples():
    blocks = readme_blocks()
    assert len(blocks) == len(README_WRITES)
    for block in blocks:
        assert len([line for line in block.splitlines() if line.strip()]) <= 10


@pytest.mark.parametrize("number", range(len(README_WRITES)))
def test_readme_example_runs(number, tmp_path):
    block = readme_blocks()[number]
    done = subprocess.run(
        [sys.executable, "-c", block], check=False, capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.iterdir()} == README_WRITES[number]


def test_links_lead_somewhere():
    for page in ROOT.glob("**/README.md"):
        if ".venv" in page.parts or "out" in page.parts:
            continue
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page}: {target}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs_and_is_stored_without_output(path, tmp_path):
    stored = nbformat.read(path, as_version=4)
    assert all(not cell.get("outputs") for cell in stored.cells if cell.cell_type == "code")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--nbmake", "-p", "no:cacheprovider", "-o", "addopts=",
         "-W", "default", str(path)],
        check=False, capture_output=True, text=True, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
