"""Verilog-A to OSDI, through a cache addressed by content.

One entry is two files, ``KEY.osdi`` and ``KEY.sha256``. Both are written beside their place and
renamed, the checksum last, so an entry is either whole or not there.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from memcircuit.errors import CacheError, CompileError, ToolError, UsageError
from memcircuit.simulate.locate import (
    CACHE_VARIABLE,
    OPENVAF_VARIABLE,
    cache_directory,
    find_openvaf,
)
from memcircuit.simulate.process import TimeLimitError, guarded, run_process

# Compiled files must run on whatever machine shares the cache or receives an export, so the
# compiler's default, the instruction set of this very processor, is not wanted.
_PORTABLE = ("--target_cpu", "generic")

_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_MODULE = re.compile(r"\bmodule\s+\w")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_INCLUDE = re.compile(r'`include\s+"([^"\n]+)"')
_PLACE = re.compile(r"^\s*-->\s*(?P<file>.+):(?P<line>\d+):\d+\s*$")
# Bytes, more than a compiled device model takes.
_ROOM = 1_000_000


def compile_verilog_a(
    source: str | Path, *, options: Sequence[str] = (), time_limit: float = 120.0
) -> Path:
    """Compile a Verilog-A file, or find it compiled.

    The key of an entry covers the source, every file it includes from beside it (through all
    levels), the compiler, and the options. Any number of processes may ask at once: one
    compiles, the others wait. An entry whose checksum does not match is built again.

    Args:
        source: the Verilog-A file.
        options: further arguments of the compiler, such as ``-D NAME=VALUE``.
        time_limit: s, for the compiler.

    Returns:
        The compiled module, a ``.osdi`` file in the cache.

    Raises:
        UsageError: the source cannot be read.
        CompileError: the compiler refused the source, or did not finish.
        CacheError: the cache cannot be written.
        ToolMissingError: there is no compiler.
    """
    source = Path(source).absolute()
    _check_module(source, options)
    compiler = find_openvaf()
    # the size tells builds of the same version apart
    identity = f"{compiler_version(compiler)} {compiler.stat().st_size}"
    store = cache_directory() / "osdi"
    while True:
        key = _key(source, options, identity)
        entry = store / f"{key}.osdi"
        if _is_whole(entry):
            return entry
        try:
            locks = store / "locks"
            locks.mkdir(parents=True, exist_ok=True)
            with _lock(locks / key[:2]):
                if _is_whole(entry):
                    return entry
                with tempfile.TemporaryDirectory(dir=store, prefix="build-") as scratch:
                    built = Path(scratch) / "module.osdi"
                    build(compiler, source, built, options=options, time_limit=time_limit)
                    # A source edited while it was compiled would be filed under the wrong key.
                    if _key(source, options, identity) == key:
                        _file(built, entry)
                        return entry
        except OSError as error:
            raise _cache_error(error.strerror or str(error)) from error


def build(
    compiler: Path,
    source: Path,
    output: Path,
    *,
    options: Sequence[str] = (),
    time_limit: float = 120.0,
) -> None:
    """Run the compiler once.

    Args:
        compiler: the program.
        source: the Verilog-A file, an absolute path.
        output: the ``.osdi`` file to write; its directory also receives the log.
        options: further arguments of the compiler.
        time_limit: s, wall clock.

    Raises:
        CompileError: the compiler refused the source, or did not finish.
        CacheError: there was no room for the output.
        ToolError: the compiler itself failed.
    """
    stdout, stderr = output.with_suffix(".out"), output.with_suffix(".err")
    try:
        status = run_process(
            [str(compiler), *_PORTABLE, *options, "-o", str(output), str(source)],
            directory=output.parent,
            stdout=stdout,
            stderr=stderr,
            time_limit=time_limit,
        )
    except TimeLimitError:
        raise CompileError(
            f"{source}: the compiler {compiler} did not finish within {time_limit:g} s",
            file=source,
            line=None,
            log=_words(stdout, stderr),
        ) from None
    log = _words(stdout, stderr)
    if status == 0 and output.is_file() and output.stat().st_size > 0:
        return
    # A full disk also swallows the words in which the compiler would say so.
    if status == -signal.SIGXFSZ or not _has_room(output.parent):
        raise _cache_error("no room for the compiled module")
    if status < 0:
        raise ToolError(f"the compiler {compiler} was ended by signal {-status} on {source}\n{log}")
    raise _compile_error(source, log)


def compiler_version(compiler: Path) -> str:
    """Return what the compiler says of its version."""
    status = compiler.stat()
    return _version(compiler, status.st_mtime_ns, status.st_size)


@functools.cache
def _version(compiler: Path, _modified: int, _size: int) -> str:
    # Through a pipe: the question must be answered even when every disk is full.
    try:
        answer = subprocess.run(
            guarded([str(compiler), "--version"]),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=30.0,
            check=False,
        )
        words = answer.stdout.decode(errors="replace").strip() if answer.returncode == 0 else ""
    except (subprocess.TimeoutExpired, OSError):
        words = ""
    if not words:
        raise ToolError(
            f"{compiler} does not answer to --version; is it the Verilog-A compiler?"
            f" {OPENVAF_VARIABLE} may name another"
        )
    return words.splitlines()[0]


def _check_module(source: Path, options: Sequence[str]) -> None:
    # the compiler makes an empty library of a file that declares nothing
    texts = (content.decode(errors="replace") for _, content in source_contents(source, options))
    if not any(_MODULE.search(_COMMENT.sub(" ", text)) for text in texts):
        raise CompileError(f"{source}: declares no module", file=source, line=None, log="")


def _key(source: Path, options: Sequence[str], identity: str) -> str:
    digest = hashlib.sha256()
    for part in (identity, *_PORTABLE, *options):
        digest.update(part.encode() + b"\0")
    for name, content in source_contents(source, options):
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def source_contents(source: Path, options: Sequence[str] = ()) -> Iterator[tuple[str, bytes]]:
    """Read a Verilog-A file and all it includes.

    A file included by a name found nowhere is skipped: it is either one of the compiler's own
    (``constants.vams``, ``disciplines.vams``) or an error the compiler will report better than we
    can.

    Args:
        source: the Verilog-A file.
        options: arguments of the compiler, which may name folders of files to include.

    Yields:
        name as it stands in the ``include``, empty for the file itself, and content.

    Raises:
        UsageError: a file cannot be read.
    """
    root = _read(source)
    yield "", root
    seen = {source}
    waiting = [(source, root)]
    while waiting:
        here, content = waiting.pop()
        text = _COMMENT.sub("", content.decode("utf-8", errors="replace"))
        for name in _INCLUDE.findall(text):
            for folder in (here.parent, source.parent, *_include_folders(options)):
                path = Path(os.path.normpath(folder / name))
                if path in seen or not path.is_file():
                    continue
                seen.add(path)
                content = _read(path)
                waiting.append((path, content))
                yield name, content


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"the Verilog-A file {path} cannot be read: {error.strerror}") from error


def _include_folders(options: Sequence[str]) -> Iterator[Path]:
    for option, following in zip(options, [*options[1:], ""], strict=False):
        if option in {"-I", "--include"}:
            yield Path(following)
        elif option.startswith("--include="):
            yield Path(option.removeprefix("--include="))
        elif option.startswith("-I"):
            yield Path(option.removeprefix("-I"))


def _is_whole(entry: Path) -> bool:
    try:
        stated = entry.with_suffix(".sha256").read_text(encoding="ascii")
        return stated == hashlib.sha256(entry.read_bytes()).hexdigest()
    except (OSError, UnicodeDecodeError):
        return False


def _file(built: Path, entry: Path) -> None:
    checksum = built.with_suffix(".sha256")
    checksum.write_text(hashlib.sha256(built.read_bytes()).hexdigest(), encoding="ascii")
    built.replace(entry)
    checksum.replace(entry.with_suffix(".sha256"))


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Hold a file lock; where there is none, two may compile, and the last rename wins."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _words(*files: Path) -> str:
    parts = (file.read_text(encoding="utf-8", errors="replace") for file in files if file.exists())
    return _COLOUR.sub("", "".join(parts)).strip()


def _has_room(directory: Path) -> bool:
    try:
        with tempfile.TemporaryFile(dir=directory) as file:
            file.write(bytes(_ROOM))
            file.flush()
    except OSError:
        return False
    return True


def _compile_error(source: Path, log: str) -> CompileError:
    lines = log.splitlines()
    start = next((n for n, text in enumerate(lines) if text.startswith("error")), len(lines))
    said: list[str] = []
    file, line = source, None
    for text in lines[start:]:
        if place := _PLACE.match(text):
            file, line = Path(place["file"]), int(place["line"])
            break
        if said and (not text.strip() or text.startswith("error")):
            break
        said.append(text.strip())
    words = " ".join(said).partition(":")[2].strip()
    where = f"{file}:{line}" if line is not None else str(file)
    return CompileError(
        f"{where}: {words or log or 'the compiler gave no reason'}", file=file, line=line, log=log
    )


def _cache_error(reason: str) -> CacheError:
    directory = cache_directory()
    free = ""
    with contextlib.suppress(OSError):
        free = f" ({shutil.disk_usage(directory).free} bytes free)"
    return CacheError(
        f"the cache of compiled models in {directory} cannot be written: {reason}{free}."
        f" Make room, or set {CACHE_VARIABLE} to a directory that can be written."
    )
