"""What a system expects of its first process, for containers in which that is ours.

Process 1 inherits every process whose parent has gone (what a killed training has started, say) and
has to take it away when it ends. The host knows only its own, so it runs as a child of this small
program then. It runs this file alone, with the standard library's smallest parts.
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
    """If this is process 1, go on in a child of it, and have process 1 look after all.

    No thread may have been started before.
    """
    if os.getpid() != 1:
        return
    # Blocked signals wait; process 1 would otherwise not hear of them until it listens.
    signal.pthread_sigmask(signal.SIG_BLOCK, _WAITED)
    child = os.fork()
    if child:
        # -I -S: it needs nothing that is installed, and stays small.
        os.execv(sys.executable, [sys.executable, "-I", "-S", __file__, str(child)])
    # A terminal sends Ctrl-C to all of its foreground group; it is to come once, through process 1.
    os.setpgid(0, 0)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _WAITED)


def _look_after(host: int) -> int:
    """Pass signals on and take away what has ended, until the host has; its exit code."""
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
