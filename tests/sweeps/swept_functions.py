"""Functions that are swept in tests, to be imported by worker processes."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import signal
import sys
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

GAIN = 2.0


def note(path, word):
    """Append a line at once, whoever else appends."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(file, f"{word}\n".encode())
    os.close(file)


def line(x, slope=1.0, offset=0.0):
    return slope * x + offset


def noted(x, path):
    note(path, x)
    return {"y": x**2}


def several(x, gain=GAIN):
    """A number, an array, a text, a whole number, a truth."""
    wave = np.sin(x * np.arange(3))
    return {"y": gain * x, "wave": wave, "word": f"x{x:g}", "whole": int(x), "large": x > 1.5}


def ramp(count):
    return {"ramp": np.arange(count, dtype=float)}


def spectrum(top):
    """Over a dimension with a coordinate, longer at some points."""
    order = np.arange(1, top + 1)
    return xr.Dataset({"height": ("order", 1.0 / order)}, {"order": order}, {"kind": "spectrum"})


@dataclass(frozen=True)
class Answer:
    """An object that has a dataset."""

    value: float

    def dataset(self):
        """Return the value."""
        return xr.Dataset({"value": ((), self.value, {"units": "V"})})


def answered(x):
    return Answer(x)


def drawn(x, rng):
    return {"x": x, "noise": rng.standard_normal(3)}


def unlucky(x, rng):
    if x == 2.0:
        raise ValueError("no 2")
    return rng.standard_normal()


def spoils(x, values):
    values *= x
    return {"sum": values.sum()}


def warned(x):
    time.sleep(0.01)
    if x % 2:
        warnings.warn(f"{x} is odd", stacklevel=1)
    time.sleep(0.01)
    return x


def printed(x):
    sys.stdout.write("a word\n")
    sys.stdout.flush()
    sys.stderr.write("another\n")
    return x


class SilentError(Exception):
    """Cannot say what it is."""

    def __str__(self):
        raise RuntimeError("nothing to say")


def fails(how):
    """Fail in a way that is asked for."""
    if how == "raise":
        raise RuntimeError("out of luck\nsecond line")
    if how == "typed":
        raise SilentError
    if how == "half a character":
        raise ValueError("name \udc80")
    if how == "leave":
        sys.exit("enough")
    if how == "object":
        return {"y": object()}
    if how == "none":
        return None
    if how == "nothing":
        return {}
    if how == "time":
        return {"y": np.datetime64("2026-11-22")}
    if how == "memory":
        return {"y": np.zeros(1 << 48)}
    return {"y": 1.0}


def deadly(x, path):
    """End the process at x = 3, every time; note every start."""
    note(path, x)
    if x == 3.0:
        os._exit(7)
    if x == 4.0:
        os.kill(os.getpid(), signal.SIGKILL)
    return x


def killed_once(x, path):
    """End the process at x = 3, the first time only."""
    before = path.read_text().split() if path.exists() else []
    note(path, x)
    if x == 3.0 and "3.0" not in before:
        os.kill(os.getpid(), signal.SIGKILL)
    return x


def inconsistent(x):
    return {"y": np.zeros(2)} if x > 1.0 else {"y": np.zeros((2, 2))}


def labelled(x):
    """Result with the names that a sweep, and its design, use too."""
    inner = xr.DataArray(np.arange(2.0), dims="x")
    return {"error": x, "status": -x, "log": 2 * x, "inner": inner}


def extra_coordinate(x):
    """A coordinate that some points lack."""
    found = xr.Dataset({"y": ("k", np.full(2, x))}, {"k": [0, 1]})
    return found.assign_coords(level=x) if x > 1.5 else found


def typed(x):
    return "high" if x > 1.5 else x


def mixed(x):
    return {"y": "high" if x > 1.5 else x}


def twice_measure(found):
    return {"twice": 2 * found}


def final_conductance(train):
    return float(train["conductance"].isel(pulse=-1).squeeze())


@dataclass(frozen=True)
class Scaler:
    """A measure with a number of its own."""

    factor: float

    def times(self, found):
        """Multiply."""
        return {"scaled": self.factor * found}

    def __call__(self, found):
        """Multiply."""
        return self.times(found)


def raw_loop(device, frequency):
    """The loop of an experiment, energy (J) of all of it by the rule of trapezia."""
    import memcircuit as mc

    raw = mc.iv_loop(device, frequency=frequency)
    power = raw["voltage"].values * raw["current"].values
    return {"energy": np.trapezoid(power, raw["time"].values)}


def full(x):
    raise OSError(errno.ENOSPC, f"No space left on device for {x}")


def held(path):
    """Wait for as long as a file beside the notes says that there are too many."""
    hold = Path(path).with_name("hold")
    with contextlib.suppress(FileNotFoundError):
        while len(Path(path).read_text().split()) > int(hold.read_text()):
            time.sleep(0.01)


def simulated(k_set, path, rng, full=False):
    """One SET pulse in ngspice, from a state that is drawn; note the start of every run."""
    import memcircuit as mc

    note(path, k_set)
    held(path)
    if full and k_set > 0.012:
        _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, most))
    device = mc.device("lin2022_hfo2", k_set=k_set)
    state = rng.uniform(0.0, 0.5)
    return mc.pulse_train(device, pulses=1, reset_pulses=0, initial_state=state)


def blowing_up(growth):
    """A current that grows with the square of its voltage: infinite within the time where so."""
    from memcircuit.simulate import Job, Transient, run

    circuit = f"C1 x 0 1u\nB1 0 x I={growth}*v(x)*v(x)+1e-3\nR1 x 0 1e9\n.ic v(x)=1"
    data = run(Job("blow up", circuit, Transient(1e-2, max_step=1e-5), ("v(x)",)))
    return float(data["v(x)"][-1])
