"""Metrics of the host itself."""

from __future__ import annotations

import asyncio
import platform
from collections.abc import Iterator

import deepaas
from deepaas.metrics.distribution import Distribution
from deepaas.metrics.families import Family, Kind
from deepaas.web.connections import Connections
from deepaas.web.health import Drain
from deepaas.web.uploads import Uploads

LOOK_SECONDS = 1.0


class LoopLag:
    """How late the event loop runs what is due: it does nothing else in the meantime."""

    def __init__(self) -> None:
        self.seconds = Distribution()
        self._next: asyncio.TimerHandle | None = None

    def start(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time() + LOOK_SECONDS

        def look() -> None:
            self.seconds.add(max(0.0, loop.time() - due))
            self.start()

        self._next = loop.call_at(due, look)

    def stop(self) -> None:
        if self._next is not None:
            self._next.cancel()


class HostMetrics:
    """``connections`` is None until the host listens."""

    def __init__(self, drain: Drain, uploads: Uploads) -> None:
        self.connections: Connections | None = None
        self.lag = LoopLag()
        self._drain = drain
        self._uploads = uploads

    def families(self) -> Iterator[Family]:
        info = Family(
            "deepaas_build", Kind.INFO, "Versions of DEEPaaS and Python.", ("version", "python")
        )
        info.add(1, deepaas.__version__, platform.python_version())
        yield info
        lag = Family(
            "deepaas_event_loop_lag_seconds",
            Kind.HISTOGRAM,
            "How late the host begins what is due, looked at once a second.",
        )
        lag.add(self.lag.seconds)
        yield lag
        counts = self.connections
        for name, kind, text, value in (
            (
                "deepaas_requests_running",
                Kind.GAUGE,
                "Requests in progress.",
                self._drain.requests_count,
            ),
            ("deepaas_draining", Kind.GAUGE, "1 while the host stops.", int(self._drain.began)),
            (
                "deepaas_upload_files",
                Kind.COUNTER,
                "Files that clients have uploaded.",
                self._uploads.files_count,
            ),
            (
                "deepaas_upload_bytes",
                Kind.COUNTER,
                "Size of the files that clients have uploaded.",
                self._uploads.files_bytes,
            ),
            (
                "deepaas_connections",
                Kind.GAUGE,
                "Open connections.",
                0 if counts is None else len(counts),
            ),
            (
                "deepaas_connections_refused",
                Kind.COUNTER,
                "Connections that were refused because there were too many.",
                0 if counts is None else counts.refused_count,
            ),
        ):
            family = Family(name, kind, text)
            family.add(value)
            yield family
