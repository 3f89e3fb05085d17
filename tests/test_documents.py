"""What the documents print runs as printed."""

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

import memcircuit as mc

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


FRONT_PAGE_WRITES = (
    {"loop.png", "hfo2.nc"},
    {"fitted.png"},
    {"bridge.svg", "written.png"},
    {"wires.png"},
    {"faults.png"},
    {"spread.png"},
)


def pages():
    for page in sorted(ROOT.glob("**/README.md")):
        if ".venv" not in page.parts and "out" not in page.parts:
            yield page


def blocks(page):
    return re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)


EXAMPLES = [
    pytest.param(page, number, id=f"{page.relative_to(ROOT)}-{number}")
    for page in pages()
    for number in range(len(blocks(page)))
]


def test_front_page_shows_short_examples():
    shown = blocks(ROOT / "README.md")
    assert len(shown) == len(FRONT_PAGE_WRITES)
    for block in shown:
        assert len([line for line in block.splitlines() if line.strip()]) <= 10


@pytest.mark.parametrize(("page", "number"), EXAMPLES)
def test_example_runs(page, number, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", blocks(page)[number]],
        check=False, capture_output=True, text=True, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    if page == ROOT / "README.md":
        assert {path.name for path in tmp_path.iterdir()} == FRONT_PAGE_WRITES[number]


def test_sweep_files_shown_are_right(tmp_path):
    shown = [
        text
        for page in pages()
        for text in re.findall(r"```toml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    ]
    assert shown
    for text in shown:
        path = tmp_path / "shown.toml"
        path.write_text(text, encoding="utf-8")
        assert mc.sweeps.load_specification(path).design.size > 1


def test_links_lead_somewhere():
    for page in pages():
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page}: {target}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs_and_is_stored_without_output(path, tmp_path):
    stored = nbformat.read(path, as_version=4)
    assert all(not cell.get("outputs") for cell in stored.cells if cell.cell_type == "code")
    copy = tmp_path / path.name
    copy.write_bytes(path.read_bytes())
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--nbmake", "--overwrite", "-p", "no:cacheprovider",
         "-o", "addopts=", "-W", "default", str(copy)],
        check=False, capture_output=True, text=True, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    cells = [cell for cell in nbformat.read(copy, as_version=4).cells if cell.cell_type == "code"]
    outputs = [output for cell in cells for output in cell["outputs"]]
    drawn = sum("image/png" in output.get("data", {}) for output in outputs)
    assert drawn == sum(cell["source"].count("display(") for cell in cells) > 0
