"""Where workers run: what the host wants of an executor, and what it is told by one.

An executor starts workers somewhere, carries what they and the host say to each other, tells of
their end, and ends them with all that they have started. Nothing above it knows sockets or
processes. Which one there is says an entry point of the group ``deepaas.executor``: a function
that is given a :class:`Site` and gives back an asynchronous context manager of an
:class:`Executor`. ``local`` runs workers as processes of this machine.

Workers may run on other machines, where neither descriptors nor folders are shared. So

- *a message names files where it is read.* Paths in what goes to a worker are of this machine, as
  the caller has them; paths in what comes from one lie in ``Needs.results``. An executor between
  machines carries the files ahead of the message, and changes the paths (:func:`with_paths`).
- *folders that both write to* stand in ``Needs.shared``: what one side writes there, the other
  finds soon after, and at the latest when the worker is asked to end, or has ended.
- *what a worker prints* comes through a pipe whose read end is the host's, and is in there before
  anything is told that the worker has said later.
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
    """`shortage`: there is only no room at present."""

    def __init__(self, why: str, *, shortage: bool = False) -> None:
        super().__init__(why)
        self.shortage = shortage


@dataclass(frozen=True)
class Source:
    """Where a model comes from.

    Attributes:
        kind: entry point of the group ``deepaas.runtime`` that can load it.
        edited: whether its code may change at any moment.
        open_files: soft and hard limit of descriptors of its processes, None for the host's own:
            what uses ``select`` fails with those above 1024.
    """

    name: str
    kind: str
    source: str
    warm: bool = True
    edited: bool = False
    interpreter: Interpreter = OWN
    open_files: tuple[int, int] | None = None


@dataclass(frozen=True)
class Needs:
    """What a worker needs.

    Attributes:
        results: folder of this machine for its large results. Files there are the host's once a
            message names them; the name begins with the call's id.
        training: whether it is for one training instead of predictions.
        checking: whether it only checks the arguments of trainings.
        shared: folders of this machine that it reads and writes as well, by the variable of its
            environment that tells it where.
    """

    source: Source
    results: Path
    training: bool = False
    checking: bool = False
    shared: Mapping[str, Path] = field(default_factory=dict)


class Reports(Protocol):
    """Who is told of a worker, in the event loop."""

    def on_call(self, message: FromWorkerCalls) -> None:
        """It has said something of a call; nothing comes after :meth:`on_exit`."""

    def on_control(self, message: FromWorkerControl) -> None:
        """It has said something of itself."""

    def on_garbage(self, what: str) -> None:
        """What it says is no message, or names a file that is not its own."""

    def on_gone(self) -> None:
        """It has ended, and may have left behind what it has started."""

    def on_exit(self, how: str, killed: bool) -> None:
        """All of it has ended; ``on_gone`` came before. `how` follows the worker's name.

        `killed`: by an operator or a system out of memory; no fault of its own looks like that.
        """


class Line(Protocol):
    """One of the two ways to a worker."""

    def send(self, framed: bytes) -> bool:
        """Send a frame (:mod:`deepaas.frames`). False if the worker has ended, as far as can be
        seen at once: it has not got it then, nor does it get any other.

        A frame rather than a message: what cannot be sent is found out before a worker is taken.
        """

    def close(self) -> None:
        """Say that nothing more will come. A worker leaves when its calls have ended so."""


class Process(Protocol):
    @property
    def calls(self) -> Line:
        """For ``ToWorkerCalls``."""

    @property
    def control(self) -> Line:
        """For ``ToWorkerControl``."""

    @property
    def output(self) -> int:
        """Read end of a pipe with all that it prints; whoever reads it closes it."""

    @property
    def where(self) -> str:
        """Which process it is, for the log."""

    async def open(self) -> None:
        """Begin to report what it says."""

    def terminate(self) -> None:
        """Ask it politely to end: SIGTERM, to its main process only."""

    def kill(self) -> None:
        """End it at once, and all that it has started."""


class Executor(Protocol):
    def start(self, needs: Needs, reports: Reports) -> Process:
        """Do not wait for it. Raises ``CannotStart`` if that is known already."""


class NoExecutor:
    """For those who only look at what a host would be."""

    def start(self, needs: Needs, reports: Reports) -> Process:  # noqa: ARG002
        raise CannotStart("no workers are started here")


@dataclass(frozen=True)
class Site:
    """What an executor may use of this machine.

    Attributes:
        folder: for its temporary files; made by it, and removed when the host has ended.
        mark: what the marks of processes that it starts here begin with (:mod:`deepaas.warden`):
            none of them outlives the host.
    """

    folder: Path
    mark: str


def open_executor(name: str, site: Site) -> AbstractAsyncContextManager[Executor]:
    """Leaving ends it, when all workers have ended. Raises ``ConfigError`` if there is none."""
    points = plugins.points(GROUP)
    if name not in points.names:
        known = ", ".join(sorted(points.names))
        raise ConfigError(f"there is no executor {name!r}; installed are: {known}")
    try:
        found: Callable[[Site], AbstractAsyncContextManager[Executor]] = points[name].load()
    except Exception as error:
        raise ConfigError(f"the executor {name!r} cannot be loaded: {error}") from error
    return found(site)


def with_paths(message: AnyMessage, change: Callable[[str], str]) -> AnyMessage:
    """``change`` gives the new path for each file in it."""
    if isinstance(message, (Predict, Train, CheckTraining)):
        return msgspec.structs.replace(message, inputs=message.inputs.with_paths(change))
    if isinstance(message, (Answer, Part, Checked)) and message.path:
        return msgspec.structs.replace(message, path=change(message.path))
    return message
