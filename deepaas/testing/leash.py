"""``python -m deepaas.testing.leash …``: deepaas-run that exits with the process that started it.

That process has the other end of the standard input. If it exits for any reason, the kernel closes
the pipe.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

from deepaas.cmd.run import main

GRACE_SECONDS = 2.0


def _follow() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    # Do not wait for requests that still run.
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=_follow, name="leash", daemon=True).start()
    main()
