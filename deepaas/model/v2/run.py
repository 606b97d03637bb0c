"""Helpers for the author's ``train`` and ``predict``: progress, cancelling, the folder of the run.

They are optional. Code that uses them also works without a host, for example in a notebook::

    from deepaas.model.v2 import run

    def train(epochs):
        writer = SummaryWriter(run.directory())
        for epoch in range(epochs):
            ...
            run.progress(epoch + 1, epochs, f"loss {loss:.3f}")
            if run.cancelling():
                torch.save(network.state_dict(), run.directory() / "checkpoint.pt")
                break

The host sets the folders in the environment, so that programs started by ``train`` can use the
helpers too. They write small files and need no connection.

:func:`progress` and :func:`measure` also work in ``predict``, the others do not.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from pathlib import Path

from deepaas.run_files import RunFiles

MEASURE: ContextVar[Callable[[str, float], None]] = ContextVar("deepaas_measure")
"""Set by a worker during a call."""

PROGRESS: ContextVar[Callable[[float, float | None, str], None]] = ContextVar("deepaas_progress")
"""Set by a worker during a call, but not during a training."""

TRACE: ContextVar[Mapping[str, str]] = ContextVar("deepaas_trace", default={})  # noqa: B039


def directory() -> Path:
    """Return the folder of this run; without a host, the working directory.

    Clients can list and download its files. They are kept after the run ends, and removed with the
    run.
    """
    return Path(os.environ.get(RunFiles.DIRECTORY) or Path.cwd())


def progress(step: float, total: float | None = None, message: str = "") -> None:
    """Report the progress of the run, or of the prediction. Clients see the latest report.

    In ``predict``, reports less than a tenth of a second after another one are left out, and so are
    those from threads that do not inherit its context.

    Args:
        step: number of completed steps of any kind: epochs, batches, samples.
        total: total number of steps, None if unknown.
        message: one line for users.
    """
    step, total = float(step), None if total is None else float(total)
    if (tell := PROGRESS.get(None)) is not None:
        tell(step, total, str(message))
        return
    control = _control()
    if control is None:
        return
    told = {"step": step, "total": total}
    partial = control / f".{RunFiles.PROGRESS}.{os.getpid()}"
    # A full disk must not end a run that only reports its progress.
    with contextlib.suppress(OSError):
        partial.write_text(json.dumps({**told, "message": str(message)}))
        partial.replace(control / RunFiles.PROGRESS)


def cancelling() -> bool:
    """Return whether the run is being cancelled.

    Call it once per epoch or batch, at a point where the code can save its state and stop. After
    the first call, the host expects the code to stop by itself; code that never calls it is
    interrupted with a ``KeyboardInterrupt``. Both have ``cancel-grace`` seconds.
    """
    control = _control()
    if control is None:
        return False
    polled = control / RunFiles.POLLED
    if not polled.exists():
        with contextlib.suppress(OSError):
            polled.touch()
    return (control / RunFiles.CANCELLED).exists()


def watch(path: str | os.PathLike[str]) -> None:
    """Add another folder in which this run writes TensorBoard event files.

    Files below :func:`directory` are found without this.
    """
    control = _control()
    if control is None:
        return
    with (control / RunFiles.WATCHED).open("a") as file:
        file.write(json.dumps(os.path.abspath(path)) + "\n")  # noqa: PTH100


def measure(name: str, value: float) -> None:
    """Record a number of this prediction: a confidence, the tokens generated, objects detected.

    The host shows count and sum of all values with each name to monitoring systems, as
    ``deepaas_model_measurement{model="…",name="…"}``. Use few names, never data of clients: a model
    can have 50, and others are counted as ``other``. Outside of ``predict``, and in threads that
    do not inherit its context, it has no effect.

    Raises:
        TypeError: the value is not a number.
        ValueError: it is not finite.
    """
    tell = MEASURE.get(None)
    if not isinstance(name, str):
        raise TypeError(f"the name of a measurement must be a str, not {type(name).__name__}")
    try:
        number = float(value)
    except (TypeError, ValueError):
        kind = type(value).__name__
        raise TypeError(f"measurement {name!r} must be a number, not {kind}") from None
    if not math.isfinite(number):
        raise ValueError(f"measurement {name!r} is {number}: it must be finite")
    if tell is not None:
        tell(name, number)


def trace_headers() -> dict[str, str]:
    """Return ``traceparent`` and ``tracestate`` of the current prediction or training run.

    It is empty if the request belongs to no trace. For your own instrumentation, for example
    ``TraceContextTextMapPropagator().extract(run.trace_headers())``.
    """
    return dict(TRACE.get())


def _control() -> Path | None:
    """The folder for the host, None without a host."""
    folder = os.environ.get(RunFiles.CONTROL)
    return Path(folder) if folder else None
