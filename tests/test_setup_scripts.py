"""The set-up scripts: what they read from a machine, and what they refuse to do to it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = [*sorted(ROOT.glob("tools/*.sh")), ROOT / ".ci" / "run"]
SETUP_FILES = [*SCRIPTS, ROOT / "Makefile", ROOT / ".pre-commit-config.yaml"]
APT_GET = shutil.which("apt-get")

MIRROR = "http://mirror.example/debian"
KEY = "/usr/share/keyrings/debian-archive-keyring.gpg"

DEB822 = f"""\
Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
Signed-By: {KEY}

Types: deb deb-src
# a comment inside a stanza
URIs: {MIRROR}
Suites: bookworm bookworm-updates
Components: main contrib non-free-firmware
Signed-By: {KEY}
"""
ONE_LINE = f"""\
deb cdrom:[Debian GNU/Linux 12.5.0 _Bookworm_ - Official amd64 DVD]/ bookworm main
# deb http://old.example/debian bookworm main
deb [arch=amd64 signed-by={KEY}] {MIRROR}/ bookworm main contrib # the mirror
deb-src [signed-by={KEY}] {MIRROR}/ bookworm main
deb http://mirror.example/debian-security bookworm-security main
"""
EMBEDDED_KEY = f"""\
types: deb
uris: {MIRROR}
  http://second.example/debian
suites: bookworm
components: main
signed-by:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 bm90IGEga2V5
 -----END PGP PUBLIC KEY BLOCK-----
"""
THIRD_PARTY = "deb https://vendor.example/apt bookworm main\n"
BACKPORTS = f"deb {MIRROR} bookworm-backports main\n"

STANZA = f"Types: deb\nURIs: {MIRROR}\nSuites: bookworm-backports\nComponents: main\n"
SIGNED_STANZA = f"{STANZA}Signed-By: {KEY}\n"
STANZA_WITH_EMBEDDED_KEY = STANZA + "Signed-By:" + EMBEDDED_KEY.partition("signed-by:")[2]


def apt_directory(where: Path, files: dict[str, str]) -> Path:
    """A copy of /etc/apt with these source files in it."""
    (where / "sources.list.d").mkdir(parents=True)
    for name, text in files.items():
        (where / name).write_text(text)
    return where


def backports_source(directory: Path) -> subprocess.CompletedProcess[str]:
    command = ["sh", str(ROOT / "tools/backports_source.sh"), "bookworm", str(directory)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def suites_apt_reads(directory: Path) -> set[str]:
    """The address of every suite that apt itself reads from such a folder; nothing is fetched."""
    options = {
        "Dir::Etc::sourcelist": directory / "sources.list",
        "Dir::Etc::sourceparts": directory / "sources.list.d",
    }
    settings = [f"--option={name}={value}" for name, value in options.items()]
    command = ["apt-get", "update", "--print-uris", *settings]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(re.findall(r"'(\S+/dists/[^/]+)/", done.stdout))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_parses(script: Path) -> None:
    shell = script.read_text().splitlines()[0].split("/")[-1].split()[-1]
    subprocess.run(["bash" if shell == "bash" else "sh", "-n", str(script)], check=True)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({"sources.list.d/debian.sources": DEB822}, SIGNED_STANZA, id="deb822"),
        pytest.param({"sources.list": ONE_LINE}, SIGNED_STANZA, id="one-line"),
        pytest.param({"sources.list": f"deb {MIRROR} bookworm main"}, STANZA, id="bare"),
        pytest.param(
            {"sources.list.d/debian.sources": EMBEDDED_KEY},
            STANZA_WITH_EMBEDDED_KEY,
            id="embedded key, second mirror",
        ),
        pytest.param(
            {"sources.list": THIRD_PARTY, "sources.list.d/debian.sources": DEB822},
            SIGNED_STANZA,
            id="not a third party's suite of the same name",
        ),
        pytest.param(
            {
                "sources.list.d/a.sources": f"Enabled: no\n{EMBEDDED_KEY}",
                "sources.list.d/b.list": f"# {BACKPORTS}{ONE_LINE}",
            },
            SIGNED_STANZA,
            id="disabled entries",
        ),
    ],
)
def test_the_backports_source_copies_the_mirror_of_the_machine(
    tmp_path: Path, files: dict[str, str], expected: str
) -> None:
    done = backports_source(apt_directory(tmp_path / "apt", files))
    assert (done.returncode, done.stdout) == (0, expected), done.stderr


@pytest.mark.skipif(APT_GET is None, reason="apt is the judge, and is not on this machine")
@pytest.mark.parametrize(
    "files",
    [{"sources.list.d/debian.sources": DEB822}, {"sources.list": ONE_LINE}],
    ids=["deb822", "one-line"],
)
def test_apt_reads_the_new_source_as_one_more_suite_of_the_same_mirror(
    tmp_path: Path, files: dict[str, str]
) -> None:
    directory = apt_directory(tmp_path / "apt", files)
    before = suites_apt_reads(directory)
    (directory / "sources.list.d/ours.sources").write_text(backports_source(directory).stdout)
    added = suites_apt_reads(directory) - before
    assert f"{MIRROR}/dists/bookworm" in before
    assert added == {f"{MIRROR}/dists/bookworm-backports"}


@pytest.mark.parametrize(
    "files",
    [
        {"sources.list": ONE_LINE + BACKPORTS},
        {"sources.list.d/debian.sources": DEB822.replace("-updates", "-backports")},
        {"sources.list.d/debian.sources": DEB822, "sources.list.d/ours.sources": STANZA},
    ],
    ids=["one-line", "deb822", "a file of its own"],
)
def test_an_enabled_suite_is_not_added_again(tmp_path: Path, files: dict[str, str]) -> None:
    done = backports_source(apt_directory(tmp_path / "apt", files))
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"sources.list": "deb http://mirror.example/debian-security bookworm-security main\n"},
        {"sources.list": "deb https://vendor.example/debian bookworm stable\n"},
        {"sources.list": f"deb {MIRROR} trixie main\n"},
    ],
    ids=["none", "security only", "no main", "another release"],
)
def test_without_an_entry_to_copy_nothing_is_invented(
    tmp_path: Path, files: dict[str, str]
) -> None:
    done = backports_source(apt_directory(tmp_path / "apt", files))
    assert (done.returncode, done.stdout) == (1, "")
    assert "apt source" in done.stderr


@pytest.fixture
def machine_without_ngspice(tmp_path: Path) -> dict[str, str]:
    """The environment of a user who is not root, on this machine less its ngspice."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for folder in os.get_exec_path():
        for program in Path(folder).glob("*"):
            if program.name != "ngspice" and not (programs / program.name).exists():
                (programs / program.name).symlink_to(program)
    for name, text in {"id": "echo 1000", "apt-get": "exit 1"}.items():
        (programs / name).unlink(missing_ok=True)
        (programs / name).write_text(f"#!/bin/sh\n{text}\n")
        (programs / name).chmod(0o755)
    inherited = {name: value for name, value in os.environ.items() if "MEMCIRCUIT" not in name}
    return inherited | {"PATH": str(programs), "PYTHON": sys.executable}


def system_script(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = ["sh", str(ROOT / "tools/system.sh")]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def test_a_user_who_is_not_root_is_told_what_to_type(
    machine_without_ngspice: dict[str, str],
) -> None:
    done = system_script(machine_without_ngspice)
    assert done.returncode == 3
    assert "missing or too old on this machine: ngspice" in done.stderr
    assert "MEMCIRCUIT_SKIP_SYSTEM=1 make" in done.stderr


def test_the_system_is_left_alone_on_request(machine_without_ngspice: dict[str, str]) -> None:
    done = system_script(machine_without_ngspice | {"MEMCIRCUIT_SKIP_SYSTEM": "1"})
    assert (done.returncode, done.stdout) == (0, "")
    assert "going on without ngspice" in done.stderr


@pytest.mark.parametrize("variable", ["PYTHON", "MEMCIRCUIT_NGSPICE"])
def test_a_tool_named_wrongly_is_named_back(
    machine_without_ngspice: dict[str, str], tmp_path: Path, variable: str
) -> None:
    wrong = str(tmp_path / "nothing here")
    done = system_script(machine_without_ngspice | {variable: wrong})
    assert done.returncode == 2
    assert f"{variable}={wrong}" in done.stderr


@pytest.mark.skipif(
    not (Path(sys.prefix) == ROOT / ".venv" and (ROOT / ".venv/installed-dev").exists()),
    reason="these tests do not run in the environment that tools/setup.sh made",
)
def test_a_second_setup_installs_nothing() -> None:
    def installed() -> dict[str, int]:
        packages = Path(sys.prefix).glob("lib/python*/site-packages/*.dist-info")
        return {path.name: path.stat().st_mtime_ns for path in packages}

    before = installed()
    (ROOT / "pyproject.toml").touch()
    environment = {**os.environ, "MEMCIRCUIT_SKIP_SYSTEM": "1"}
    command = ["sh", str(ROOT / "tools/setup.sh"), "dev"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert "installing" not in done.stdout
    assert installed() == before


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not on this machine")
def test_make_alone_lists_the_targets() -> None:
    done = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True)
    listed = {line.split()[1] for line in done.stdout.splitlines() if line.startswith("make ")}
    declared = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert declared is not None
    assert listed == set(declared[1].split())


@pytest.mark.parametrize("file", SETUP_FILES, ids=lambda path: path.name)
def test_the_setup_names_no_address(file: Path) -> None:
    assert "://" not in file.read_text()


def test_no_file_names_a_mirror_or_a_package_index() -> None:
    mirror = re.compile(
        rb"(deb|ftp|security|snapshot|httpredir)\.(\w+\.)?debian\.org|archive\.ubuntu\.com"
        rb"|pypi\.(org|io)|pythonhosted\.org|registry\.npmjs"
    )
    naming = []
    for folder, folders, files in os.walk(ROOT):
        keep = set(folders) - {"out", "build", "dist", "__pycache__"}
        folders[:] = [name for name in keep if name == ".ci" or not name.startswith(".")]
        paths = [Path(folder, name) for name in files]
        naming += [path for path in paths if path.is_file() and mirror.search(path.read_bytes())]
    assert naming == []
