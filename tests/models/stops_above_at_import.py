"""Stops the process above its own while it is imported, and ends."""

import os
import signal

os.kill(os.getppid(), signal.SIGSTOP)
os._exit(3)
