#!/bin/sh
# Sees to the tools that pip cannot bring: a Python that makes virtual environments, ngspice with its
# shared library, and the linker that the Verilog-A compiler calls.
#
# usage: tools/system.sh [--with-library]
# --with-library: the shared library also where ngspice is there without it; a benchmark needs it.
#
# Changes nothing when all is there. Otherwise, as root on Debian or Ubuntu, it says what it will do
# and does it; anywhere else it stops with the commands to type (exit status 3).
# MEMCIRCUIT_SKIP_SYSTEM=1 leaves the system alone; PYTHON and MEMCIRCUIT_NGSPICE name the tools to use.
set -eu

cd "$(dirname "$0")/.."
. tools/lib.sh

BACKPORTS=/etc/apt/sources.list.d/memcircuit-backports.sources

release_packages=  # what to install with apt, from the release itself
ngspice_packages= # the same, from the backports suite where there is one
suite=
new_source=

look_for_python() {
    ! find_python >/dev/null || return 0
    [ -z "${PYTHON:-}" ] ||
        stop 2 "PYTHON=$PYTHON is not a Python of at least 3.11 with the modules venv and ensurepip"
    release_packages="python3 python3-venv"
}

look_for_ngspice() {
    series=$(ngspice_series)
    if [ -n "${MEMCIRCUIT_NGSPICE:-}" ]; then # chosen by the user, so never replaced
        [ -n "$series" ] ||
            stop 2 "MEMCIRCUIT_NGSPICE=$MEMCIRCUIT_NGSPICE is not an ngspice that answers --version"
    elif ! ngspice_loads_osdi "$series" && { [ -z "$series" ] || newer_ngspice_exists; }; then
        ngspice_packages=ngspice
    fi
}

# False where apt has nothing newer than the ngspice that is there: asking again would be in vain.
newer_ngspice_exists() {
    has_apt || return 0
    if is_bookworm; then
        set -- -o APT::Default-Release=bookworm-backports
        [ -z "$(sh tools/backports_source.sh bookworm 2>/dev/null)" ] || return 0
    fi
    apt-cache "$@" policy ngspice |
        awk '$1 == "Installed:" { have = $2 } $1 == "Candidate:" { same = $2 == have } END { exit same }'
}

choose_suite() {
    if is_bookworm && [ -n "$ngspice_packages" ] && new_source=$(sh tools/backports_source.sh bookworm)
    then
        suite=bookworm-backports
    fi
}

commands() {
    [ -z "$new_source" ] || echo "  sh tools/backports_source.sh bookworm > $BACKPORTS"
    echo "  apt-get update"
    [ -z "$release_packages" ] || echo "  apt-get install --no-install-recommends $release_packages"
    [ -z "$ngspice_packages" ] ||
        echo "  apt-get install --no-install-recommends ${suite:+-t $suite }$ngspice_packages"
}

# apt-get ARGUMENT...: quiet, unless it fails; then the last of what it said.
apt() {
    apt_log=$(mktemp)
    if DEBIAN_FRONTEND=noninteractive apt-get -y -o DPkg::Lock::Timeout=120 "$@" \
        >"$apt_log" 2>&1 </dev/null; then
        rm -f "$apt_log"
        return 0
    fi
    warn "this failed: apt-get $*; its last words:"
    tail -n 8 "$apt_log" >&2
    rm -f "$apt_log"
    return 1
}

# Package lists are split into words on purpose.
# shellcheck disable=SC2086
install_packages() {
    if [ -n "$new_source" ]; then
        (umask 022 && printf '%s\n' "$new_source" >"$BACKPORTS")
    fi
    apt update || say "going on with the package lists that are there"
    [ -z "$release_packages" ] || apt install --no-install-recommends $release_packages || true
    [ -n "$ngspice_packages" ] || return 0
    [ -z "$suite" ] || ! apt install --no-install-recommends -t "$suite" $ngspice_packages || return 0
    if [ -n "$new_source" ]; then
        say "taking $BACKPORTS away again"
        rm -f "$BACKPORTS"
        apt update || true
    fi
    say "trying the release's own package: apt-get install $ngspice_packages"
    apt install --no-install-recommends $ngspice_packages || true
}

# What the machine has in the end decides, not what apt said.
judge() {
    find_python >/dev/null ||
        stop 3 "no Python of at least 3.11 with venv and ensurepip: install one and name it, make PYTHON=/path/to/python3"
    series=$(ngspice_series)
    [ -n "$series" ] ||
        stop 3 "no ngspice: install $NGSPICE_WANTED or newer and name it, MEMCIRCUIT_NGSPICE=/path/to/ngspice"
    command -v ld >/dev/null ||
        warn "no linker ld (package binutils): no Verilog-A is compiled, the behavioural form is used"
    ngspice_loads_osdi "$series" ||
        warn "ngspice $series loads no compiled Verilog-A ($NGSPICE_WANTED or newer does): the behavioural form is used"
}

look_for_python
look_for_ngspice
needed="$release_packages${release_packages:+ }$ngspice_packages" # without it nothing runs
# without a linker everything runs in the behavioural form
command -v ld >/dev/null || release_packages="$release_packages${release_packages:+ }binutils"
if [ -n "$ngspice_packages" ]; then
    ngspice_packages="$ngspice_packages libngspice0" # of the same version: short runs are faster with it
elif [ "${1:-}" = --with-library ] && ! has_ngspice_library; then
    ngspice_packages=libngspice0
fi
missing="$release_packages${release_packages:+ }$ngspice_packages"

if [ -z "$missing" ]; then
    judge
    exit 0
fi
if [ "${MEMCIRCUIT_SKIP_SYSTEM:-}" = 1 ]; then
    warn "MEMCIRCUIT_SKIP_SYSTEM=1: going on without $missing"
    exit 0
fi
if ! has_apt; then
    [ -n "$needed" ] || exit 0
    stop 3 "missing or too old on this machine: $needed" \
        "install Python 3.11 or newer and ngspice $NGSPICE_WANTED or newer with its package manager, or name them:" \
        "  make PYTHON=/path/to/python3 MEMCIRCUIT_NGSPICE=/path/to/ngspice ..." \
        "or go on with what is there: MEMCIRCUIT_SKIP_SYSTEM=1 make ..."
fi
choose_suite
if [ "$(id -u)" -ne 0 ]; then
    if [ -z "$needed" ]; then
        warn "going on without $missing, which root could install"
        exit 0
    fi
    warn "missing or too old on this machine: $needed"
    warn "type this as root (sudo sh tools/system.sh does it all):"
    commands >&2
    stop 3 "or go on with what is there: MEMCIRCUIT_SKIP_SYSTEM=1 make ..."
fi

say "missing or too old on this machine: $missing"
say "as root on $(os_field PRETTY_NAME) this changes the system (MEMCIRCUIT_SKIP_SYSTEM=1 forbids it), by:"
commands
[ -z "$new_source" ] || printf '%s\n' "that source is:" "$new_source" | sed 's/^/    /'
install_packages
judge
