"""The init process (PID 1) for containers that start the host directly.

Process 1 inherits all processes whose parent has ended, such as those of a killed training run, and
must reap them. The host only handles its own, so it runs as a child of this small program, which
only uses this file and small parts of the standard library.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys

FORWARDED = (
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGUSR1,
    signal.SIGUSR2,
)

_WAITED = {*FORWARDED, signal.SIGCHLD}


def leave_first_place() -> None:
    """If this is process 1, continue in a child, and let process 1 reap processes.

    Call it before any thread is started.
    """
    if os.getpid() != 1:
        return
    # Blocked signals are kept; otherwise process 1 would miss them until it waits for them.
    signal.pthread_sigmask(signal.SIG_BLOCK, _WAITED)
    child = os.fork()
    if child:
        # -I -S: it needs no installed packages, and stays small.
        os.execv(sys.executable, [sys.executable, "-I", "-S", __file__, str(child)])
    # A terminal sends Ctrl-C to its whole foreground group, but it must arrive once, by process 1.
    os.setpgid(0, 0)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _WAITED)


def _look_after(host: int) -> int:
    """Forward signals and reap processes until the host ends. Return its exit code."""
    while True:
        number = signal.sigwait(_WAITED)
        if number != signal.SIGCHLD:
            with contextlib.suppress(ProcessLookupError):
                os.kill(host, number)
            continue
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if ended[0] == host:
                    code = os.waitstatus_to_exitcode(ended[1])
                    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(_look_after(int(sys.argv[1])))
