"""``python -m benchmarks [NAME]``: run the benchmarks whose name starts with NAME."""

from __future__ import annotations

import sys

from benchmarks import arrays, devices, first, netlists, networks, persistent, sweeps

GROUPS = {
    "first": first,
    "arrays": arrays,
    "devices": devices,
    "netlists": netlists,
    "networks": networks,
    "simulate": persistent,
    "sweeps": sweeps,
}


def main() -> int:
    """Run what was asked for; exit status 2 when there is no such benchmark."""
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    chosen = [
        work
        for group, module in GROUPS.items()
        for work in module.ALL
        if f"{group}.{work.__name__}".startswith(wanted)
    ]
    if not chosen:
        names = [f"{g}.{w.__name__}" for g, m in GROUPS.items() for w in m.ALL]
        print(f"no benchmark {wanted!r}; there are {', '.join(names)}", file=sys.stderr)
        return 2
    for work in chosen:
        work()
    return 0


if __name__ == "__main__":
    sys.exit(main())
