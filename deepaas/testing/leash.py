"""``python -m deepaas.testing.leash …``: deepaas-run that ends with the process that began it.

That process holds the other end of the standard input. When it is gone, however it went, the
kernel closes the pipe.
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
    # Nobody is left to wait for what still runs.
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=_follow, name="leash", daemon=True).start()
    main()
