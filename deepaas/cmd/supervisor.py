"""Tells systemd how the host is (``Type=notify``): sd_notify(3), without its library.

Nothing is sent if another program has started the host.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import MutableMapping

LOADING_SECONDS = 5.0
"""How often to ask for more time while models are loading."""

MORE_SECONDS = 30.0


class Supervisor:
    def __init__(self, environment: MutableMapping[str, str]) -> None:
        """Take its address from the environment: models must not report in our name."""
        address = environment.pop("NOTIFY_SOCKET", "")
        # The abstract namespace begins with a zero byte.
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        microseconds = environment.pop("WATCHDOG_USEC", "")
        is_ours = environment.pop("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self._watchdog_seconds = float(microseconds or 0) / 1e6 if is_ours else 0.0
        self._is_ready = False

    def ready(self) -> None:
        self._is_ready = True
        self._tell("READY=1", "STATUS=serving")

    def reloading(self) -> None:
        """Followed by :meth:`ready`."""
        self._tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        self._tell("STOPPING=1", "STATUS=waiting for running calls to finish")

    async def watch(self) -> None:
        """Tell it from the event loop that the host is alive, until this is cancelled."""
        if not self._address:
            return
        steps = [LOADING_SECONDS, self._watchdog_seconds / 2]
        while True:
            if not self._is_ready:
                more = f"EXTEND_TIMEOUT_USEC={MORE_SECONDS * 1e6:.0f}"
                self._tell(more, "STATUS=loading models")
            if self._watchdog_seconds:
                self._tell("WATCHDOG=1")
            await asyncio.sleep(min(step for step in steps if step))

    def _tell(self, *lines: str) -> None:
        if not self._address:
            return
        # It must not stop the host if nobody listens, nor make it wait.
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            sock.sendto("\n".join(lines).encode(), self._address)
