"""A worker as a process of this machine: start, notice the end, leave nothing behind."""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import os
import select
import signal
import socket
import subprocess
import threading
from collections.abc import Callable

from deepaas.executor import Needs, Reports
from deepaas.executor.local.channel import Channel
from deepaas.messages import FromWorkerCalls, FromWorkerControl
from deepaas.programs import environment_for, inherited, module_command
from deepaas.reaper import reaped
from deepaas.warden import VARIABLE, end_marked

_log = logging.getLogger(__name__)

END_SECONDS = 10.0

WAKE_SECONDS = 5.0
"""How often the process above a worker is told to go on: a model may have stopped it."""

SENT_SIGNALS = frozenset(
    [signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGKILL, signal.SIGTERM]
)
"""Signals that others send; no fault of a program's own ends it with one of these."""


class LocalProcess:
    """A worker's process, the leader of a session and a process group of its own.

    `pid` is also the id of its group and session; 0 until it is known.
    """

    def __init__(self, needs: Needs, mark: str, reports: Reports) -> None:
        """`mark`: for the warden, unique among all workers.

        Raises ``OSError`` or ``RuntimeError`` where there is no room for a process or a thread.
        """
        self._loop = asyncio.get_running_loop()
        self._reports = reports
        self._mark = mark
        self.calls = Channel[FromWorkerCalls](FromWorkerCalls, reports.on_call, reports.on_garbage)
        self.control = Channel[FromWorkerControl](
            FromWorkerControl, reports.on_control, reports.on_garbage
        )
        self.pid = 0
        self._ending = threading.Lock()
        with contextlib.ExitStack() as theirs, contextlib.ExitStack() as ours:
            self._calls_socket, calls = _sockets(ours, theirs)
            self._control_socket, control = _sockets(ours, theirs)
            lifeline, self._lifeline = _pipe(theirs, ours)
            self.output, output = _pipe(ours, theirs)
            self._report, report = _pipe(ours, theirs)
            passed = (calls.fileno(), control.fileno(), lifeline)
            self._popen = subprocess.Popen(
                reaped(
                    _command(needs, *passed),
                    lifeline=lifeline,
                    report=report,
                    mark=f"{VARIABLE}={mark}",
                    open_files=needs.source.open_files,
                ),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=(*passed, report),
                start_new_session=True,
                env={
                    **environment_for(needs.source.interpreter, inherited()),
                    **{name: str(path) for name, path in needs.shared.items()},
                },
            )
            # In a thread: children of the model which hold our sockets open cannot delay it.
            threading.Thread(target=self._wait, name="deepaas-wait", daemon=True).start()
            ours.pop_all()

    @property
    def where(self) -> str:
        return f"process {self.pid}"

    async def open(self) -> None:
        await self.calls.open(self._calls_socket)
        await self.control.open(self._control_socket)

    def terminate(self) -> None:
        """Ask it politely to end.

        What that has started is its own business (workers that load data, say, are needed to the
        end); what is left of it is killed when the main process has gone.
        """
        self._popen.terminate()  # The reaper passes it on.

    def kill(self) -> None:
        """End it at once, and every process that its model has started."""
        # The kernel kills its group then (runtime.lifeline), and the reaper whatever else there is.
        with self._ending:
            lifeline, self._lifeline = self._lifeline, -1
            if lifeline >= 0:
                os.close(lifeline)
        self._popen.send_signal(signal.SIGCONT)

    def _wait(self) -> None:
        with os.fdopen(self._report, "rb", buffering=0) as report:
            self.pid = _number(self._told(report)) or 0
            code = _number(self._told(report))
            self._tell(self._reports.on_gone)
            self.kill()
            if code is None:
                self._popen.kill()  # It has ended, or does not react any more.
            # What cannot be killed (it waits for a disk, say) must not keep the place of a replica.
            gone = self._told(report) is not None
        if not gone:
            _log.error("process %s has left something that cannot be killed", self.pid)
        end_marked(self._mark)  # Somebody may have killed the reaper.
        if gone:
            reaper_code = self._popen.wait()
            code = reaper_code if code is None else code
        code = -signal.SIGKILL if code is None else code
        self._tell(self._exited, _in_words(code), -code in SENT_SIGNALS)

    def _told(self, report: io.RawIOBase) -> bytes | None:
        """None if it says nothing although it is to end."""
        poll = select.poll()  # No matter how many descriptors there are, unlike `select`.
        poll.register(report, select.POLLIN)
        seconds = 0.0
        while not poll.poll(WAKE_SECONDS * 1000):
            self._popen.send_signal(signal.SIGCONT)
            seconds += WAKE_SECONDS if self._lifeline < 0 else 0.0
            if seconds >= END_SECONDS:
                return None
        return report.readline()

    def _exited(self, how: str, killed: bool) -> None:
        self.control.finish()
        self.calls.finish()
        self._reports.on_exit(how, killed)

    def _tell(self, callback: Callable[..., None], *what: str | bool) -> None:
        with contextlib.suppress(RuntimeError):  # The loop is closed: the host has gone first.
            self._loop.call_soon_threadsafe(callback, *what)


def _sockets(
    one: contextlib.ExitStack, other: contextlib.ExitStack
) -> tuple[socket.socket, socket.socket]:
    first, second = socket.socketpair()
    return one.enter_context(first), other.enter_context(second)


def _pipe(reads: contextlib.ExitStack, writes: contextlib.ExitStack) -> tuple[int, int]:
    reading, writing = os.pipe()
    reads.callback(os.close, reading)
    writes.callback(os.close, writing)
    return reading, writing


def _number(told: bytes | None) -> int | None:
    try:
        return int(told or b"")
    except ValueError:
        return None


def _command(needs: Needs, calls: int, control: int, lifeline: int) -> list[str]:
    source = needs.source
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
        f"--spool={needs.results}",
        "--warm" if source.warm else "--no-warm",
        *(["--training"] if needs.training else []),
        *(["--checking"] if needs.checking else []),
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
