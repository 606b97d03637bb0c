"""The process that `support.prepared` has programs forked from.

It has imported what the program imports until it is busy, and does nothing else: it has one
thread, no loop, and no file open but the socket on which it is asked. What it forks makes itself
what the interpreter makes of a process that is executed, and runs the program's own script.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import io
import json
import os
import resource
import runpy
import select
import socket
import sys
import time
from pathlib import Path
from typing import Any, TextIO

IMPORTED = {
    "deepaas-run": (
        "deepaas.cmd.run",
        "deepaas.executor.local",
        "deepaas.kinds.cog.host",
        "deepaas.kinds.entry_point.host",
        "deepaas.protocols.cog.door",
        "deepaas.protocols.deepinv.door",
        "deepaas.protocols.oip.door",
        "deepaas.protocols.v2",
        "deepaas.training.store",
        "sqlalchemy.dialects.sqlite.aiosqlite",
        "aiosqlite",
        "greenlet",
        "jsonschema_rs",
        "encodings.idna",
    ),
    "deepaas-cli": (
        "deepaas.cmd.cli",
        "deepaas.cli.main",
        "deepaas.cli.check_command",
        "deepaas.cli.local",
        "deepaas.cli.remote",
        "deepaas.kinds.cog.check",
        "deepaas.kinds.cog.host",
        "deepaas.kinds.cog.worker.from_path",
        "deepaas.kinds.entry_point.check",
        "deepaas.kinds.entry_point.host",
        "deepaas.kinds.entry_point.worker",
    ),
}
"""By program: what it imports in any case, or nearly."""

MAX_REQUEST_BYTES = 150_000


def main() -> None:
    control = socket.socket(fileno=int(sys.argv[1]))
    for name in IMPORTED[sys.argv[2]]:
        importlib.import_module(name)
    threads = list(Path("/proc/self/task").iterdir())
    assert len(threads) == 1, "what is imported starts a thread, which no fork would have"
    control.send(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})).encode())
    gc.collect()
    gc.freeze()
    request = _wait_for_requests(control)
    if request is not None:
        script = _become(**request)
        runpy.run_path(script, run_name="__main__")


def _wait_for_requests(control: socket.socket) -> dict[str, Any] | None:
    """Fork for each request; returns it in the new process, and None here at the end of all."""
    ready = select.poll()
    ready.register(control, select.POLLIN)
    running: dict[int, tuple[int, int]] = {}
    while True:
        for descriptor, _ in ready.poll():
            if descriptor != control.fileno():
                ready.unregister(descriptor)
                _tell_of_end(descriptor, *running.pop(descriptor))
                continue
            message, given, _, _ = socket.recv_fds(control, MAX_REQUEST_BYTES, 4)
            if not message:
                return None
            pid = os.fork()
            if not pid:
                control.detach()
                return {**json.loads(message), "given": given}
            *streams, report = given
            for stream in streams:
                os.close(stream)
            handle = os.pidfd_open(pid)
            running[handle] = pid, report
            ready.register(handle, select.POLLIN)


def _tell_of_end(handle: int, pid: int, report: int) -> None:
    os.close(handle)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    with contextlib.suppress(BrokenPipeError):  # Nobody asks any more.
        os.write(report, b"%d\n" % code)
    os.close(report)


def _become(
    command: list[str],
    environment: dict[str, str],
    folder: str,
    open_files: tuple[int, int] | None,
    given: list[int],
) -> str:
    """Make this process the one that the command line would have made; returns its script."""
    os.setsid()
    *streams, report = given
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
    script = command[0]
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(folder)
    _show(command)
    if open_files is not None:
        resource.setrlimit(resource.RLIMIT_NOFILE, open_files)
    sys.argv = list(command)
    sys.orig_argv = [sys.executable, *command]
    sys.path[:1] = [str(Path(script).parent), *_python_path()]
    sys.dont_write_bytecode = "PYTHONDONTWRITEBYTECODE" in environment
    importlib.invalidate_caches()
    _open_standard_streams(is_unbuffered="PYTHONUNBUFFERED" in environment)
    os.write(report, b"%d\n" % os.getpid())
    os.closerange(3, 65536)
    return script


def _python_path() -> list[str]:
    given = os.environ.get("PYTHONPATH")
    entries = given.split(os.pathsep) if given else []
    return list(dict.fromkeys(str(Path.cwd() / entry) for entry in entries))


def _open_standard_streams(*, is_unbuffered: bool) -> None:
    for name in ("stdin", "stdout", "stderr"):
        old = getattr(sys, name)
        made = _text(old, is_unbuffered)
        if name != "stdin":
            lines = not is_unbuffered and (name == "stderr" or made.isatty())
            made.reconfigure(line_buffering=lines, write_through=is_unbuffered)
        setattr(sys, name, made)
        setattr(sys, f"__{name}__", made)


def _text(old: TextIO, is_unbuffered: bool) -> io.TextIOWrapper:
    size = 0 if is_unbuffered and old.writable() else -1
    stream = open(old.fileno(), "wb" if old.writable() else "rb", size, closefd=False)  # noqa: SIM115
    return io.TextIOWrapper(stream, encoding=old.encoding, errors=old.errors)


def _show(command: list[str]) -> None:
    """Let ``/proc/PID`` tell the command line and the environment of this process.

    They lie in its own memory, where the kernel has put those of the process that forked: that has
    room for them. A line whose last byte is none ends at its first zero.
    """
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    arguments, end, variables, last = map(int, fields[45:49])
    line, room = " ".join(command).encode(), end - arguments
    ctypes.memmove(arguments, line[: room - 2].ljust(room - 1, b"\0") + b" ", room)
    lines = b"".join(b"%b=%b\0" % each for each in os.environb.items())
    ctypes.memmove(
        variables, lines[: last - variables].ljust(last - variables, b"\0"), last - variables
    )
    Path("/proc/self/comm").write_text(Path(command[0]).name)


if __name__ == "__main__":
    main()
