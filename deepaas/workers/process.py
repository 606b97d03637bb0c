"""The operating system's side of a worker: start, notice the end, leave nothing behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from deepaas.workers.output import Output
from deepaas.workers.warden import VARIABLE, end_marked


@dataclass(frozen=True)
class Source:
    """Where a model comes from.

    Attributes:
        name: under which it is served.
        kind: entry point of the group ``deepaas.runtime`` that can load it.
        source: what that kind is to load.
        warm: whether to run the model's ``warm``.
    """

    name: str
    kind: str
    source: str
    warm: bool = True


class Process:
    """A worker's process, the leader of a session and a process group of its own.

    Attributes:
        calls: our end of the socket for calls.
        control: our end of the socket for light questions.
    """

    def __init__(
        self, source: Source, spool: Path, mark: str, on_exit: Callable[[str], None]
    ) -> None:
        """Start it.

        Args:
            source: what it is to load.
            spool: where it writes large results.
            mark: for the warden, unique among all workers.
            on_exit: called in the event loop with how it ended, in words.
        """
        self._loop = asyncio.get_running_loop()
        self._on_exit = on_exit
        self._mark = mark
        self.calls, calls = socket.socketpair()
        self.control, control = socket.socketpair()
        lifeline, self._lifeline = os.pipe()
        self._output, output = os.pipe()
        theirs = (calls.fileno(), control.fileno(), lifeline)
        try:
            self._popen = subprocess.Popen(
                _command(source, spool, *theirs),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=theirs,
                start_new_session=True,
                env={**os.environ, VARIABLE: mark},
            )
        except BaseException:
            os.close(self._lifeline)
            os.close(self._output)
            raise
        finally:
            calls.close()
            control.close()
            os.close(lifeline)
            os.close(output)
        # Popen.wait in a thread is the one way to learn of an exit that every platform has, and
        # that children of the model which hold our sockets open cannot delay.
        threading.Thread(target=self._wait, name="deepaas-wait", daemon=True).start()

    @property
    def pid(self) -> int:
        """The process id, also of its group and session."""
        return self._popen.pid

    async def read_output(self, label: str) -> None:
        """Send what it prints to the log from now on."""
        pipe = os.fdopen(self._output, "rb", buffering=0)
        await self._loop.connect_read_pipe(lambda: Output(label), pipe)

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
        self.kill()
        end_marked(self._mark)
        how = _in_words(self._popen.wait())
        os.close(self._lifeline)
        with contextlib.suppress(RuntimeError):  # The loop is closed: the host has gone first.
            self._loop.call_soon_threadsafe(self._on_exit, how)


def _command(source: Source, spool: Path, calls: int, control: int, lifeline: int) -> list[str]:
    # -P: the working directory is not the place to import from, as with DEEPaaS's own script.
    safe_path = ["-P"] if sys.version_info >= (3, 11) else []
    return [
        sys.executable,
        *safe_path,
        "-m",
        "deepaas.runtime",
        f"--calls={calls}",
        f"--control={control}",
        f"--lifeline={lifeline}",
        f"--kind={source.kind}",
        f"--name={source.name}",
        f"--source={source.source}",
        f"--spool={spool}",
        "--warm" if source.warm else "--no-warm",
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
