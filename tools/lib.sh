# Sourced by the other scripts: messages, what this machine is, and the tools already on it.
# shellcheck shell=sh

# From this series on ngspice loads Verilog-A models as our compiler writes them (OSDI 0.4 and later);
# `memcircuit doctor` has the last word, by trying.
NGSPICE_WANTED=43

say() { printf 'setup: %s\n' "$*"; }
warn() { printf 'setup: %s\n' "$*" >&2; }

# stop STATUS LINE...: 2 when the user asked for something impossible, 3 when a tool is missing.
stop() {
    stop_status=$1
    shift
    for stop_line; do warn "$stop_line"; done
    exit "$stop_status"
}

# os_field NAME: one field of os-release, empty where there is none.
os_field() {
    [ ! -r /etc/os-release ] || (
        # shellcheck source=/dev/null
        . /etc/os-release
        eval "printf '%s' \"\${$1:-}\""
    )
}

has_apt() {
    case " $(os_field ID) $(os_field ID_LIKE) " in
        *" debian "* | *" ubuntu "*) command -v apt-get >/dev/null ;;
        *) return 1 ;;
    esac
}

is_bookworm() { [ "$(os_field ID)-$(os_field VERSION_CODENAME)" = debian-bookworm ]; }

# python_usable COMMAND: new enough, and able to make a virtual environment with pip in it.
python_usable() {
    "$1" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' \
        >/dev/null 2>&1 </dev/null
}

# Prints the Python to use. PYTHON, when set, is the only candidate.
find_python() {
    if [ -n "${PYTHON:-}" ]; then
        set -- "$PYTHON"
    else
        set -- python3 python3.14 python3.13 python3.12 python3.11
    fi
    for python_candidate; do
        if python_usable "$python_candidate"; then
            printf '%s\n' "$python_candidate"
            return 0
        fi
    done
    return 1
}

# Prints the series of the ngspice in use (46), or nothing when there is none.
ngspice_series() {
    "${MEMCIRCUIT_NGSPICE:-ngspice}" --version 2>/dev/null </dev/null |
        sed -n 's/.*ngspice-\([0-9][0-9]*\).*/\1/p' | sed 1q
}

# ngspice_loads_osdi SERIES: false for no ngspice at all, too.
ngspice_loads_osdi() { [ "${1:-0}" -ge "$NGSPICE_WANTED" ]; }

# The shared library, which stays loaded for short runs; PySpice, too, drives it in a benchmark.
has_ngspice_library() { PATH="$PATH:/sbin:/usr/sbin" ldconfig -p 2>/dev/null | grep -q 'libngspice\.so'; }
