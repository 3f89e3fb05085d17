#!/bin/sh
# Makes this checkout ready: the system's tools first, then the virtual environment .venv.
#
# usage: tools/setup.sh [run|dev|bench]
#   run    what a user needs (the default)
#   dev    and the tools of the test suite
#   bench  and ngspice's shared library, which a benchmark compares against
# A second run finds everything in place and installs nothing.
set -eu

cd "$(dirname "$0")/.."
. tools/lib.sh

level=${1:-run}
case $level in
    run) rest='' covered_by='run dev' ;;
    dev | bench) rest=dev covered_by=dev ;;
    *) stop 2 "level '$level' is none of: run, dev, bench" ;;
esac

python_version() { "$1" -c 'import sys; print(sys.version)' 2>/dev/null; }

# Its scripts hold the path of the checkout, so an environment that was moved is of no use.
venv_sound() {
    [ "$(cat .venv/place 2>/dev/null)" = "$PWD" ] && .venv/bin/python -c 'import pip' 2>/dev/null &&
        { [ -z "${PYTHON:-}" ] || [ "$(python_version "$PYTHON")" = "$(python_version .venv/bin/python)" ]; }
}

make_venv() {
    python=$(find_python) ||
        stop 3 "no Python of at least 3.11 with venv and ensurepip was found; name one: make PYTHON=/path/to/python3"
    [ ! -e .venv ] || say "replacing .venv: it is broken, was moved, or has another Python"
    say "making the virtual environment .venv with $(command -v "$python") ($("$python" --version))"
    "$python" -m venv --clear .venv
    printf '%s\n' "$PWD" >.venv/place
}

# What was installed counts for one Python and one content of pyproject.toml.
fingerprint() {
    .venv/bin/python -c '
import hashlib, pathlib, sys
made_of = sys.version.encode() + pathlib.Path("pyproject.toml").read_bytes()
print(hashlib.sha256(made_of).hexdigest())'
}

# recorded FILE: true when the step that left this file was done for the present fingerprint.
recorded() { [ "$(cat ".venv/$1" 2>/dev/null)" = "$wanted" ]; }

installed() {
    for step in $covered_by; do
        ! recorded "installed-$step" || return 0
    done
    return 1
}

# A user-wide "user = yes" in pip's configuration would fail inside a virtual environment.
pip_install() {
    PIP_USER=0 .venv/bin/python -m pip --quiet --disable-pip-version-check install --editable "$1"
}

# A peer that the arrays are compared with. It solves arrays without the packages it draws with, of
# which one would have to be compiled.
install_peer() {
    PIP_USER=0 .venv/bin/python -m pip --quiet --disable-pip-version-check install --no-deps \
        badcrossbar==1.1.0 || warn "badcrossbar was not installed: comparisons with it are left out"
}

install() {
    say "installing memcircuit and what it needs${rest:+, $rest tools included,} into .venv; this takes a minute or more"
    if ! pip_install ".[compiler${rest:+,$rest}]"; then
        warn "trying once more without the Verilog-A compiler"
        pip_install ".${rest:+[$rest]}" || stop 3 "pip could not install memcircuit; its own words are above"
        warn "the Verilog-A compiler is not there: the behavioural form is used (make distclean setup tries again)"
    fi
    [ -z "$rest" ] || install_peer
    printf '%s\n' "$wanted" >".venv/installed-${rest:-run}"
}

# The doctor runs the tools for real. Where the system was to be left alone its findings stop nothing.
see_the_doctor() {
    doctor_status=0
    .venv/bin/memcircuit doctor || doctor_status=$?
    if [ "$doctor_status" -eq 0 ]; then
        printf '%s\n' "$wanted" >.venv/examined
        return 0
    fi
    warn "memcircuit doctor found something wrong (exit status $doctor_status); see above"
    [ "${MEMCIRCUIT_SKIP_SYSTEM:-}" = 1 ] || exit "$doctor_status"
}

if [ "$level" = bench ]; then
    sh tools/system.sh --with-library
else
    sh tools/system.sh
fi
venv_sound || make_venv
wanted=$(fingerprint)
installed || install
recorded examined || see_the_doctor
