"""Closes connections of clients that do not complete their requests."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol


def patient(header_seconds: float, body_seconds: float) -> type[H11Protocol]:
    """Return a protocol for uvicorn with time limits, which uvicorn does not have.

    Args:
        header_seconds: time limit for the headers of a request, starting with the connection or
            with their first byte.
        body_seconds: time limit for the next part of a body.
    """

    class Patient(H11Protocol):
        _timer: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._expect(header_seconds)

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.cycle is None or self.cycle.response_complete:
                if self._timer is None:
                    self._expect(header_seconds)  # For all headers: more bytes do not extend it.
            elif self.cycle.more_body:
                self._expect(body_seconds)
            else:
                self._expect(None)

        def connection_lost(self, exc: Exception | None) -> None:
            self._expect(None)
            super().connection_lost(exc)

        def _expect(self, seconds: float | None) -> None:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = None
            if seconds is not None and not self.transport.is_closing():
                self._timer = self.loop.call_later(seconds, self._give_up)

        def _give_up(self) -> None:
            if self.flow.read_paused:
                self._expect(body_seconds)  # The server is not reading at the moment.
            else:
                self.transport.close()

    return Patient
