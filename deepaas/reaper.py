"""Runs a program and kills all its descendants afterwards, even those that became daemons.

A process can leave its session, its group and its environment, but not its ancestors: if its parent
exits, its new parent is the nearest ancestor that adopts orphans (a *child subreaper*). This small
program is one, and the parent of each process that runs an author's code. If that process exits, or
the one that requested it (a pipe is closed), all descendants are killed. Orphans that exit earlier
are reaped, as by process 1 of a system.

This file runs alone and imports little of the standard library.
"""

from __future__ import annotations

import os
import resource
import select
import sys

TYPE_CHECKING = False  # `typing`, `signal` and `contextlib` take longer to import than all else.
if TYPE_CHECKING:
    import signal
    from collections.abc import Sequence
    from typing import NoReturn
else:
    import _signal as signal

PASSED_ON = (
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGUSR1,
    signal.SIGUSR2,
)

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LOOK_SECONDS = 0.05


def reaped(
    command: Sequence[str],
    *,
    lifeline: int,
    report: int,
    mark: str = "",
    open_files: tuple[int, int] | None = None,
) -> list[str]:
    """A command that runs another one as a child of this program, in its own session and group.

    Both descriptors must be inherited. The exit code is that of the process.

    Args:
        lifeline: read end of a pipe: when its other end is closed, everything is killed.
        report: write end of a pipe: for a line with the id of the process and another with its
            exit code; closed when no descendant is left.
        mark: ``NAME=VALUE``, added to its environment.
        open_files: soft and hard limit of its descriptors; None for those of this process.
    """
    # -I -S: it needs no installed packages, and starts faster.
    options = (lifeline, report, mark, ":".join(map(str, open_files or ())))
    return [sys.executable, "-I", "-S", __file__, *map(str, options), *command]


class _Reaper:
    def __init__(self, lifeline: int, report: int) -> None:
        self._lifeline = lifeline
        self._report = report
        self._woken, self._waking = os.pipe()
        os.set_blocking(self._waking, False)
        os.set_blocking(self._woken, False)
        signal.set_wakeup_fd(self._waking, warn_on_full_buffer=False)
        for number in (*PASSED_ON, signal.SIGCHLD):
            signal.signal(number, lambda *_: None)
        self._own = os.getpid()
        self._main = 0
        self._code: int | None = None

    def run(self, command: Sequence[str], mark: str, open_files: str) -> int:
        self._main = os.fork()
        if not self._main:
            self._become(command, mark, open_files)
        self._tell(str(self._main))
        self._let_go()
        poll = select.poll()
        poll.register(self._lifeline, select.POLLIN)
        poll.register(self._woken, select.POLLIN)
        while self._code is None:
            if any(descriptor == self._lifeline for descriptor, _ in poll.poll()):
                break  # Nothing is ever written there, so the pipe was closed.
            self._wake()
        self._end_all()
        assert self._code is not None
        return self._code

    def _become(self, command: Sequence[str], mark: str, open_files: str) -> NoReturn:
        os.setsid()
        # If the parent is killed, it is killed, too.
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != self._own:
            os._exit(1)
        for number in (*PASSED_ON, signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        os.set_inheritable(self._report, False)
        name, _, value = mark.partition("=")
        try:
            if open_files:
                soft, hard = map(int, open_files.split(":"))
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            os.execvpe(command[0], list(command), {**os.environ, **({name: value} if name else {})})
        except (OSError, ValueError) as error:
            said = getattr(error, "strerror", None) or error
            print(f"{command[0]}: {said}", file=sys.stderr, flush=True)
            os._exit(127)

    def _let_go(self) -> None:
        """Close inherited descriptors: others wait for their end of file."""
        kept = {self._lifeline, self._report, self._woken, self._waking}
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in range(3):
            os.dup2(nothing, descriptor)
        # os instead of pathlib, which takes longer to import than everything else.
        for name in os.listdir("/dev/fd"):  # noqa: PTH208
            if int(name) > 2 and int(name) not in kept:
                with _suppress(OSError):
                    os.close(int(name))

    def _wake(self) -> None:
        with _suppress(BlockingIOError):
            for number in os.read(self._woken, 4096):
                if number != signal.SIGCHLD and self._code is None:
                    with _suppress(ProcessLookupError, PermissionError):
                        os.kill(self._main, number)
        self._take_away()

    def _take_away(self) -> bool:
        """Reap processes that have exited; whether any are left."""
        with _suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if ended[0] == self._main:
                    self._code = os.waitstatus_to_exitcode(ended[1])
                    self._tell(str(self._code))
            return True
        return False

    def _end_all(self) -> None:
        if not sys.platform.startswith("linux"):
            # Without adoption and /proc, only its process group can be killed.
            with _suppress(OSError):
                os.killpg(self._main, signal.SIGKILL)
        wait_seconds = _LOOK_SECONDS
        while self._take_away():
            below = _below(self._own)
            if self._code is None:
                below.setdefault(self._main, self._main)  # Also without /proc.
            groups = set(below.values()) - {os.getpgrp()}
            # Stopped first: running ones might start processes faster than they are killed. And by
            # group: a process that starts another and exits is gone before it is listed.
            for number in (signal.SIGSTOP, signal.SIGKILL):
                for kill, which in ((os.killpg, groups), (os.kill, below)):
                    for one in which:
                        with _suppress(ProcessLookupError, PermissionError):
                            kill(one, number)
            select.select([self._woken], [], [], wait_seconds)
            wait_seconds = min(2 * wait_seconds, 1.0)  # Some cannot be killed at once, or at all.
            with _suppress(BlockingIOError):
                os.read(self._woken, 4096)

    def _tell(self, line: str) -> None:
        with _suppress(OSError):  # The reader may have gone.
            os.write(self._report, f"{line}\n".encode())


def _below(pid: int) -> dict[int, int]:
    """The descendants of a process and their groups, which have no other members."""
    children: dict[int, list[int]] = {}
    groups: dict[int, int] = {}
    names: list[str] = []
    with _suppress(OSError):
        names = os.listdir("/proc")  # noqa: PTH208
    for name in names:
        with _suppress(OSError, IndexError, ValueError):
            with open(f"/proc/{int(name)}/stat", "rb") as file:
                parent, group = map(int, file.read().rpartition(b")")[2].split()[1:3])
            children.setdefault(parent, []).append(int(name))
            groups[int(name)] = group
    found = list(children.get(pid, []))
    for one in found:
        found += children.get(one, [])
    return {one: groups[one] for one in found}


class _suppress:
    def __init__(self, *exceptions: type[BaseException]) -> None:
        self._exceptions = exceptions

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        return kind is not None and issubclass(kind, self._exceptions)


def _prctl(option: int, value: int) -> None:
    """Only Linux has it; elsewhere process groups must suffice."""
    import ctypes  # The host, which imports this module for `reaped`, does not need it.

    with _suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _main() -> None:
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    # A descendant may have stopped it, and the process that could continue it may be killed.
    _prctl(_PR_SET_PDEATHSIG, signal.SIGCONT)
    lifeline, report, mark, open_files, *command = sys.argv[1:]
    code = _Reaper(int(lifeline), int(report)).run(command, mark, open_files)
    if code < 0:
        # Exit in the same way, without another core dump.
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        with _suppress(OSError):
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code if code >= 0 else 128 - code)


if __name__ == "__main__":
    _main()
