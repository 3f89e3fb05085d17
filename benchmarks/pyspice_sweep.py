"""A sweep the plain way of PySpice: one process, one circuit per point, shared mode.

Reads a JSON object from standard input: the lines of device and transistor, the OSDI file, the
points (k_set, amplitude), timing, and whether ngspice is told to use one thread. Prints the seconds
of each point and its conductances on one line of JSON. Run in a process of its own.
"""

from __future__ import annotations

import ctypes.util
import json
import logging
import os
import sys
import time
from typing import Any


def main() -> None:
    """Build, simulate and read every point, as a user of PySpice does in a loop."""
    logging.disable(logging.CRITICAL)
    library = ctypes.util.find_library("ngspice")  # Debian installs it without the plain .so name
    if library:
        os.environ.setdefault("NGSPICE_LIBRARY_PATH", library)
    import numpy as np
    from PySpice.Spice.NgSpice.Shared import NgSpiceShared

    work = json.load(sys.stdin)
    shared = NgSpiceShared.new_instance()
    if work["one_thread"]:
        shared.exec_command("set num_threads=1")
        shared.exec_command("set no_mem_check")
    shared.exec_command(f"osdi {work['osdi']}")
    taken, found = [], []
    for number, (k_set, amplitude) in enumerate([work["points"][0], *work["points"]]):
        started = time.perf_counter()
        simulator = _circuit(work, k_set, amplitude).simulator(
            simulator="ngspice-shared", ngspice_shared=shared
        )
        simulator.options(reltol=1e-6, vntol=1e-7)
        simulator.save(["i(vcell)", "v(bit_line)"])
        analysis = simulator.transient(
            step_time=work["step"], end_time=work["stop"], max_time=work["step"]
        )
        moments = np.asarray(analysis.time)
        current = np.interp(work["reads"], moments, np.asarray(analysis["vcell"]))
        shared.destroy()
        if number:  # the first warms up
            taken.append(time.perf_counter() - started)
            found.append((current / work["read_voltage"]).tolist())
    print(json.dumps({"seconds": taken, "conductance": found}))


def _circuit(work: dict[str, Any], k_set: float, amplitude: float) -> Any:
    from PySpice.Spice.Netlist import Circuit

    circuit = Circuit("one SET pulse")
    circuit.raw_spice = "\n".join(work["lines"]).replace(
        f"k_set={work['k_set']}", f"k_set={k_set!r}"
    )
    corners = [(t, v if share == 0 else share * amplitude) for t, v, share in work["corners"]]
    circuit.PieceWiseLinearVoltageSource("driver", "bit_line", circuit.gnd, values=corners)
    circuit.V("cell", "bit_line", "inside", 0)
    circuit.V("gate", "word_line", circuit.gnd, work["gate"])
    circuit.X("memristor", work["device"], "inside", "drain", "state")
    circuit.X("transistor", work["transistor"], "drain", "word_line", circuit.gnd)
    return circuit


if __name__ == "__main__":
    main()
