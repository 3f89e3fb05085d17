"""PySpice's shared mode as shipped, timed in a process of its own.

Reads a JSON object from standard input: circuit text, OSDI file, stop and step time, runs. Prints
the time of every run and the last state on one line of JSON.
"""

from __future__ import annotations

import ctypes.util
import json
import logging
import os
import sys
import time


def main() -> None:
    """Simulate the same circuit again and again, as a PySpice user does."""
    logging.disable(logging.CRITICAL)
    library = ctypes.util.find_library("ngspice")  # Debian installs it without the plain .so name
    if library:
        os.environ.setdefault("NGSPICE_LIBRARY_PATH", library)
    from PySpice.Spice.Netlist import Circuit
    from PySpice.Spice.NgSpice.Shared import NgSpiceShared

    work = json.load(sys.stdin)
    shared = NgSpiceShared.new_instance()
    shared.exec_command(f"osdi {work['osdi']}")
    taken, last = [], None
    for _ in range(work["runs"] + 1):
        circuit = Circuit("pulses")
        circuit.raw_spice = work["circuit"]
        simulator = circuit.simulator(simulator="ngspice-shared", ngspice_shared=shared)
        simulator.options(reltol=1e-6, vntol=1e-7)
        simulator.save(["v(state0)", "i(vcell0)", "v(bit_line)"])
        started = time.perf_counter()
        analysis = simulator.transient(
            step_time=work["step"], end_time=work["stop"], max_time=work["step"]
        )
        last = float(analysis["state0"][-1])
        taken.append(time.perf_counter() - started)
    print(json.dumps({"seconds": taken[1:], "state": last}))


if __name__ == "__main__":
    main()
