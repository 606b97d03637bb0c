"""The operating system's side of a worker: start, notice the end, leave nothing behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deepaas.programs import OWN, Interpreter, environment_for, module_command
from deepaas.workers.warden import VARIABLE, end_marked

SECRET_VARIABLES = frozenset(["OS_DEFAULT__DATABASE_URL", "WEBHOOK_AUTH_TOKEN"])
"""What the host is told that holds a password."""

SENT_SIGNALS = frozenset(
    [signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGKILL, signal.SIGTERM]
)
"""Signals that others send; no fault of a program's own ends it with one of these."""


@dataclass(frozen=True)
class Source:
    """Where a model comes from.

    Attributes:
        name: under which it is served.
        kind: entry point of the group ``deepaas.runtime`` that can load it.
        source: what that kind is to load.
        warm: whether to run the model's ``warm``.
        edited: whether its code may change at any moment.
        interpreter: what its workers run in.
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
class Launch:
    """How a worker's process is started.

    Attributes:
        spool: where it writes large results.
        mark: for the warden, unique among all workers.
        training: whether it is for one training instead of predictions.
        checking: whether it only checks the arguments of trainings.
        exit_seconds: how long it may take to leave when it has nothing more to do.
        environment: variables besides those of the host.
    """

    spool: Path
    mark: str
    training: bool = False
    checking: bool = False
    exit_seconds: float = 2.0
    environment: Mapping[str, str] = field(default_factory=dict)


class Process:
    """A worker's process, the leader of a session and a process group of its own.

    Attributes:
        calls: our end of the socket for calls.
        control: our end of the socket for light questions.
        output: read end of the pipe with what it prints; whoever reads it closes it.
    """

    def __init__(
        self,
        source: Source,
        launch: Launch,
        on_gone: Callable[[], None],
        on_exit: Callable[[str, bool], None],
    ) -> None:
        """Start it.

        Args:
            source: what it is to load.
            launch: how it is started.
            on_gone: called in the event loop when it has ended, and may have left others behind.
            on_exit: called after that, when those are gone too, with how it ended, in words, and
                whether by a signal that others send: an operator, or a system out of memory.
        """
        self._loop = asyncio.get_running_loop()
        self._on_gone = on_gone
        self._on_exit = on_exit
        self._mark = launch.mark
        self.calls, calls = socket.socketpair()
        self.control, control = socket.socketpair()
        lifeline, self._lifeline = os.pipe()
        self.output, output = os.pipe()
        theirs = (calls.fileno(), control.fileno(), lifeline)
        try:
            self._popen = subprocess.Popen(
                _command(source, launch, *theirs),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=theirs,
                start_new_session=True,
                env={
                    **environment_for(source.interpreter, inherited()),
                    **launch.environment,
                    VARIABLE: launch.mark,
                },
            )
        except BaseException:
            os.close(self._lifeline)
            os.close(self.output)
            raise
        finally:
            calls.close()
            control.close()
            os.close(lifeline)
            os.close(output)
        _limit(self._popen.pid, source.open_files)
        # Popen.wait in a thread is the one way to learn of an exit that every platform has, and
        # that children of the model which hold our sockets open cannot delay.
        threading.Thread(target=self._wait, name="deepaas-wait", daemon=True).start()

    @property
    def pid(self) -> int:
        """The process id, also of its group and session."""
        return self._popen.pid

    def terminate(self) -> None:
        """Ask it politely to end: SIGTERM, to its main process only.

        What that has started is its own business (workers that load data, say, are needed to the
        end); what is left of it is killed when the main process has gone.
        """
        if self._popen.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """End it at once, and every process that its model has started."""
        if self._popen.returncode is not None:
            return  # The id may be somebody else's by now.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def _wait(self) -> None:
        # WNOWAIT leaves the zombie, and with it the id, until its group has been killed: nobody
        # else can have got the same id meanwhile.
        with contextlib.suppress(ChildProcessError):
            os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        self._tell(self._on_gone)
        self.kill()
        end_marked(self._mark)
        code = self._popen.wait()
        os.close(self._lifeline)
        self._tell(self._on_exit, _in_words(code), -code in SENT_SIGNALS)

    def _tell(self, callback: Callable[..., None], *what: str | bool) -> None:
        with contextlib.suppress(RuntimeError):  # The loop is closed: the host has gone first.
            self._loop.call_soon_threadsafe(callback, *what)


def _limit(pid: int, open_files: tuple[int, int] | None) -> None:
    """Limit the descriptors of a process that has just begun; where Linux does not, nothing is."""
    if open_files is not None and hasattr(resource, "prlimit"):
        with contextlib.suppress(OSError, ValueError):
            resource.prlimit(pid, resource.RLIMIT_NOFILE, open_files)


def inherited() -> dict[str, str]:
    """The host's environment without what is for the host alone: models may print theirs."""
    return {name: value for name, value in os.environ.items() if name not in SECRET_VARIABLES}


def _command(source: Source, launch: Launch, calls: int, control: int, lifeline: int) -> list[str]:
    # Bytecode of code from earlier in the same second, of the same length, would be taken for
    # that of the code.
    flags = ["-B"] if source.edited else []
    return [
        *module_command("deepaas.runtime", *flags, interpreter=source.interpreter),
        f"--calls={calls}",
        f"--control={control}",
        f"--lifeline={lifeline}",
        f"--kind={source.kind}",
        f"--name={source.name}",
        f"--source={source.source}",
        f"--spool={launch.spool}",
        "--warm" if source.warm else "--no-warm",
        *(["--training"] if launch.training else []),
        *(["--checking"] if launch.checking else []),
    ]


def _in_words(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    hint = " (out of memory?)" if -code == signal.SIGKILL else ""
    return f"was ended by {name}{hint}"
