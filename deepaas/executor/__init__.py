"""The interface of executors, which run workers somewhere.

An executor starts workers, transmits messages between them and the host, reports their end, and
stops them with all their processes. Code above it does not use sockets or processes. An executor is
an entry point in the group ``deepaas.executor``: a function that gets a :class:`Site` and returns
an asynchronous context manager of an :class:`Executor`. ``local`` runs workers as processes on this
machine.

Workers may run on other machines, without shared descriptors and folders. So:

- *Messages contain the paths of the receiver.* The host uses paths on this machine; paths in
  messages from workers are in ``Needs.results``. An executor for other machines transmits the
  files before the message, and changes the paths (:func:`with_paths`).
- *Folders to which both sides write* are in ``Needs.shared``: files that one side writes appear on
  the other side soon, at the latest when the worker is asked to stop, or has exited.
- *Output of a worker* arrives through a pipe that the host reads, before any message that the
  worker has sent later.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from deepaas import plugins
from deepaas.errors import ConfigError
from deepaas.messages import (
    Answer,
    Batching,
    Checked,
    CheckTraining,
    FromWorkerCalls,
    FromWorkerControl,
    Message,
    Part,
    Predict,
    Train,
)
from deepaas.programs import OWN, Interpreter

GROUP = "deepaas.executor"

AnyMessage = TypeVar("AnyMessage", bound=Message)


class CannotStart(Exception):
    """`shortage`: it may work later, because only resources are missing."""

    def __init__(self, why: str, *, shortage: bool = False) -> None:
        super().__init__(why)
        self.shortage = shortage


@dataclass(frozen=True)
class Source:
    """The source of a model.

    Attributes:
        kind: entry point in the group ``deepaas.runtime`` that can load it.
        edited: whether its code may change at any time.
        open_files: soft and hard limit of descriptors for its processes, None for the host's:
            code that uses ``select`` fails above 1024.
        batch: how the operator wants calls to be joined, None for what the author says.
    """

    name: str
    kind: str
    source: str
    warm: bool = True
    edited: bool = False
    interpreter: Interpreter = OWN
    open_files: tuple[int, int] | None = None
    batch: Batching | None = None


@dataclass(frozen=True)
class Needs:
    """What a worker needs.

    Attributes:
        results: folder on this machine for its large results. The host removes files that are
            in messages; their names start with the call's id.
        training: whether it is for one training run instead of predictions.
        checking: whether it only validates arguments of training runs.
        shared: other folders on this machine that it reads and writes, by the environment
            variables with their paths.
        variables: further environment variables, such as its number of threads.
    """

    source: Source
    results: Path
    training: bool = False
    checking: bool = False
    shared: Mapping[str, Path] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)


class Reports(Protocol):
    """Gets reports about a worker, in the event loop."""

    def on_call(self, message: FromWorkerCalls) -> None:
        """A message about a call; none arrives after :meth:`on_exit`."""

    def on_control(self, message: FromWorkerControl) -> None:
        """A message about the worker."""

    def on_garbage(self, what: str) -> None:
        """It has sent an invalid message, or a file that does not belong to it."""

    def on_gone(self) -> None:
        """It has exited, but its child processes may still be running."""

    def on_exit(self, how: str, killed: bool) -> None:
        """All its processes have exited, after ``on_gone``. `how` continues "The worker …".

        `killed`: by a signal that others send, for example an operator or a system out of memory.
        """


class Line(Protocol):
    """One of the two connections to a worker."""

    def send(self, framed: bytes) -> bool:
        """Send a frame (:mod:`deepaas.frames`). False if the worker has ended, as far as can be
        seen at once: it has not got it then, nor does it get any other.

        A frame instead of a message, so that encoding errors occur before a worker is chosen.
        """

    def close(self) -> None:
        """Close it; the worker then exits after its calls."""


class Process(Protocol):
    @property
    def calls(self) -> Line:
        """For ``ToWorkerCalls``."""

    @property
    def control(self) -> Line:
        """For ``ToWorkerControl``."""

    @property
    def output(self) -> int:
        """Read end of a pipe with its output; the reader closes it."""

    @property
    def where(self) -> str:
        """Identifies the process in the log."""

    async def open(self) -> None:
        """Start to report its messages."""

    def terminate(self) -> None:
        """Ask it to stop: SIGTERM, only to its main process."""

    def kill(self) -> None:
        """Kill it at once, with all its child processes."""


class Executor(Protocol):
    def start(self, needs: Needs, reports: Reports) -> Process:
        """Start a worker without waiting. Raises ``CannotStart`` if it fails immediately."""


class NoExecutor:
    """For code that only describes a host."""

    def start(self, needs: Needs, reports: Reports) -> Process:  # noqa: ARG002
        raise CannotStart("workers cannot be started here")


@dataclass(frozen=True)
class Site:
    """What an executor can use on this machine.

    Attributes:
        folder: for temporary files; created by the executor, removed when the host exits.
        mark: prefix of the marks of processes that it starts here (:mod:`deepaas.warden`), so
            that none of them outlives the host.
    """

    folder: Path
    mark: str


def open_executor(name: str, site: Site) -> AbstractAsyncContextManager[Executor]:
    """Open an executor; close it after all workers have exited. Raises ``ConfigError``."""
    points = plugins.points(GROUP)
    if name not in points.names:
        known = ", ".join(sorted(points.names))
        raise ConfigError(f"unknown executor {name!r}; installed: {known}")
    try:
        found: Callable[[Site], AbstractAsyncContextManager[Executor]] = points[name].load()
    except Exception as error:
        raise ConfigError(f"the executor {name!r} cannot be loaded: {error}") from error
    return found(site)


def with_paths(message: AnyMessage, change: Callable[[str], str]) -> AnyMessage:
    """A message with changed paths; ``change`` returns the new path of each file."""
    if isinstance(message, (Predict, Train, CheckTraining)):
        return msgspec.structs.replace(message, inputs=message.inputs.with_paths(change))
    if isinstance(message, (Answer, Part, Checked)) and message.path:
        return msgspec.structs.replace(message, path=change(message.path))
    return message
