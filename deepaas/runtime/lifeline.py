"""Makes sure that no worker outlives its host.

The host holds the write end of a pipe whose read end is here. When the host exits, even by SIGKILL,
the kernel closes the write end and signals the owner of the read end: this worker's process group,
including children of the model's code. This works even if the interpreter lock is held.
"""

from __future__ import annotations

import fcntl
import os
import signal


def tie(descriptor: int) -> None:
    """Let the kernel kill this process group when the other end is closed. Without ``F_SETSIG``,
    which only Linux has, the thread that reads the control socket notices the end."""
    if not hasattr(fcntl, "F_SETSIG"):
        return
    fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(descriptor, fcntl.F_SETOWN, -os.getpgrp())
    flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
    fcntl.fcntl(descriptor, fcntl.F_SETFL, flags | os.O_ASYNC)
