"""No worker outlives its host, whatever it is doing when the host dies.

The host holds the write end of a pipe whose read end is here. When the host is gone, killed
with SIGKILL included, the kernel closes the write end and signals the owner of the read end,
which is this worker's whole process group: the children of the model's code go too, and nobody
has to hold the interpreter's lock for it.
"""

from __future__ import annotations

import fcntl
import os
import signal


def tie(descriptor: int) -> None:
    """Have the kernel kill this process group when the other end is closed. Without ``F_SETSIG``,
    which is Linux's, the thread that reads the control socket notices its end."""
    if not hasattr(fcntl, "F_SETSIG"):
        return
    fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(descriptor, fcntl.F_SETOWN, -os.getpgrp())
    flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
    fcntl.fcntl(descriptor, fcntl.F_SETFL, flags | os.O_ASYNC)
