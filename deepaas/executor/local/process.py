"""A worker as a process on this machine: starts it, detects its end, and cleans up."""

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

import msgspec

from deepaas.executor import Needs, Reports
from deepaas.executor.local.channel import Channel
from deepaas.messages import FromWorkerCalls, FromWorkerControl, Message
from deepaas.programs import environment_for, inherited, module_command
from deepaas.reaper import reaped
from deepaas.warden import VARIABLE, end_marked

_log = logging.getLogger(__name__)

END_SECONDS = 10.0

WAKE_SECONDS = 5.0
"""How often the reaper gets SIGCONT, because a model may have stopped it."""

SENT_SIGNALS = frozenset(
    [signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGKILL, signal.SIGTERM]
)
"""Signals that others send; a program's own errors do not cause them."""


class LocalProcess:
    """A worker's process, the leader of its own session and process group.

    `pid` is also the id of its group and session; 0 until known.
    """

    def __init__(self, needs: Needs, mark: str, reports: Reports) -> None:
        """`mark`: for the warden, unique among all workers.

        Raises ``OSError`` or ``RuntimeError`` if a process or thread cannot be started.
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
                    **needs.variables,
                    **{name: str(path) for name, path in needs.shared.items()},
                },
            )
            # In a thread, so that children of the model that keep our sockets open cannot delay it.
            threading.Thread(target=self._wait, name="deepaas-wait", daemon=True).start()
            ours.pop_all()

    @property
    def where(self) -> str:
        return f"process {self.pid}"

    async def open(self) -> None:
        await self.calls.open(self._calls_socket)
        await self.control.open(self._control_socket)

    def terminate(self) -> None:
        """Ask it to stop.

        Its child processes are not signalled, because it may need them until the end, for example
        to load data; they are killed after the main process has exited.
        """
        self._popen.terminate()  # The reaper forwards it.

    def kill(self) -> None:
        """Kill it at once, with every process that its model has started."""
        # The kernel kills its group (runtime.lifeline), and the reaper all other processes.
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
                self._popen.kill()  # It has exited, or does not respond.
            # A process that cannot be killed (in disk wait) must not occupy the slot.
            gone = self._told(report) is not None
        if not gone:
            _log.error("process %s has left processes that cannot be killed", self.pid)
        end_marked(self._mark)  # The reaper may have been killed.
        if gone:
            reaper_code = self._popen.wait()
            code = reaper_code if code is None else code
        code = -signal.SIGKILL if code is None else code
        self._tell(self._exited, _in_words(code), -code in SENT_SIGNALS)

    def _told(self, report: io.RawIOBase) -> bytes | None:
        """A line of the report; None if there is none although the process must end."""
        poll = select.poll()  # Unlike `select`, without a limit of descriptors.
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
        with contextlib.suppress(RuntimeError):  # The loop is closed: the host has stopped first.
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
    # Otherwise bytecode of older code of the same length, from the same second, would be used.
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
        *([f"--batch={_json(source.batch)}"] if source.batch is not None else []),
        *(["--training"] if needs.training else []),
        *(["--checking"] if needs.checking else []),
    ]


def _json(message: Message) -> str:
    return msgspec.json.encode(message).decode()


def _in_words(code: int) -> str:
    if code >= 0:
        return f"exited with code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    hint = " (out of memory?)" if -code == signal.SIGKILL else ""
    return f"was killed by {name}{hint}"
