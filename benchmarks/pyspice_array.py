"""The read of a 1T1R array as a PySpice user does it, timed in a process of its own.

``python -m benchmarks.pyspice_array SIZE RUNS`` builds the circuit of PySpice's objects, devices as
behavioural sources, and simulates it by PySpice's shared ngspice with everything at its default.
Prints the time of every run, the currents and the largest resident set on one line of JSON.
"""

from __future__ import annotations

import ctypes.util
import json
import logging
import os
import resource
import sys
import time

from benchmarks.netlists import one_transistor_cell, pyspice_circuit, some_states


def main() -> None:
    """Build and simulate the same array again and again."""
    size, runs = (int(word) for word in sys.argv[1:3])
    logging.disable(logging.CRITICAL)
    library = ctypes.util.find_library("ngspice")  # Debian installs it without the plain .so name
    if library:
        os.environ.setdefault("NGSPICE_LIBRARY_PATH", library)
    from PySpice.Spice.NgSpice.Shared import NgSpiceShared

    shared = NgSpiceShared.new_instance()
    cell, states = one_transistor_cell(), some_states(size)
    taken, currents = [], [0.0]
    for _ in range(runs):
        started = time.perf_counter()
        circuit = pyspice_circuit(cell, states, "behavioural")
        simulator = circuit.simulator(simulator="ngspice-shared", ngspice_shared=shared)
        point = simulator.operating_point()
        currents = [float(point.branches[f"vbottom{j}"][0]) for j in range(size)]
        taken.append(time.perf_counter() - started)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    print(json.dumps({"seconds": taken, "currents": currents, "megabytes": peak}))


if __name__ == "__main__":
    main()
