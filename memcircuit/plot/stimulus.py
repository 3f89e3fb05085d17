"""Figures of stimuli: the voltage of pulses and sweeps over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike, NDArray

from memcircuit.errors import UsageError
from memcircuit.experiments.circuits import pulse_gap
from memcircuit.plot.style import BLUE, ORANGE, axes_or_new, si_prefix

if TYPE_CHECKING:
    from pyspice_netlists import Pulse, PulseSequence, Waveform


def stimulus(
    value: Waveform | PulseSequence | Pulse | Sequence[Pulse],
    axes: Axes | None = None,
    is_read: ArrayLike | None = None,
) -> Axes:
    """Draw the voltage of a stimulus over time.

    Args:
        value: a waveform, a sequence of pulses, a pulse or a list of pulses; between listed
            pulses lies a fifth of the shortest width, as in a pulse train.
        axes: where to draw; a new figure when None.
        is_read: (pulses,) which pulses are reads; these are marked.

    Raises:
        UsageError: nothing that can be drawn, or reads that are not marked pulse by pulse.
    """
    shown = _shown(value)
    waveform = shown.waveform if hasattr(shown, "waveform") else shown
    ax = axes_or_new(axes, (6.0, 2.6))
    scale, prefix = si_prefix(float(waveform.time[-1]))
    time = waveform.time * scale
    ax.axhline(0, color="black", linewidth=0.5)
    label = "voltage" if is_read is None else "programming"
    ax.plot(time, waveform.voltage, color=BLUE, linewidth=1.2, label=label)
    if is_read is not None:
        reads = np.where(_in_reads(shown, is_read), waveform.voltage, np.nan)
        ax.plot(time, reads, color=ORANGE, linewidth=1.6, label="read")
        ax.legend(frameon=False, loc="lower right", bbox_to_anchor=(1, 1), ncols=2)
    ax.set_xlabel(f"time ({prefix}s)")
    ax.set_ylabel("voltage (V)")
    ax.set_xlim(0, float(time[-1]))
    return ax


def _shown(value: object) -> Waveform | PulseSequence:
    from pyspice_netlists import Pulse, PulseSequence, Waveform, pulse_sequence

    if isinstance(value, Waveform | PulseSequence):
        return value
    pulses = [value] if isinstance(value, Pulse) else value
    if isinstance(pulses, Sequence) and pulses and all(isinstance(p, Pulse) for p in pulses):
        return pulse_sequence(pulses, pulse_gap(pulses))
    raise UsageError(f"{value!r}: expected a waveform, a pulse sequence, or at least one pulse")


def _in_reads(shown: Waveform | PulseSequence, is_read: ArrayLike) -> NDArray[np.bool_]:
    """Return which points of the waveform belong to a read."""
    from pyspice_netlists import PulseSequence

    reads = np.asarray(is_read)
    if not isinstance(shown, PulseSequence):
        raise UsageError("is_read marks pulses; a waveform has none")
    if reads.dtype != bool or reads.shape != shown.start.shape:
        raise UsageError(
            f"is_read of shape {reads.shape}, {reads.dtype}: expected {shown.start.size} of True "
            "or False, one per pulse"
        )
    time = shown.waveform.time
    place = np.clip(np.searchsorted(shown.start, time, side="right") - 1, 0, None)
    inside = (time >= shown.start[place]) & (time <= shown.stop[place])
    return np.asarray(inside & reads[place])
