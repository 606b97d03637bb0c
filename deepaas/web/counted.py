"""What counts as a connection: one that is open, or whose TLS handshake is not done yet."""

from __future__ import annotations

from typing import Protocol

from deepaas.web.connection import ConnectionLimits


class CountedConnection(Protocol):
    """Attributes:
    opening: the handshake that it has come from, until it is counted in its place.
    """

    address: str
    opening: CountedConnection | None

    @property
    def waits_since(self) -> float | None:
        """Since when it has been waiting for a request; None if it has one."""

    @property
    def is_new(self) -> bool:
        """Whether it has never sent a request."""

    @property
    def fileno(self) -> int:
        """-1 if it is closed."""

    @property
    def waiting_bytes(self) -> int:
        """How much waits for the client to read it."""

    @property
    def stuck_since(self) -> float:
        """Since when the client has read nothing."""

    def look(self, now: float, limits: ConnectionLimits) -> str:
        """Close it if it exceeds a timeout; returns the reason for the log, or nothing."""

    def give_way(self) -> None:
        """Close it: it is idle."""

    def break_off(self) -> None:
        """Close at once, and discard what has not been sent."""
