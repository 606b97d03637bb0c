"""When predictions get a worker: headers that the host reads, and others ignore."""

from __future__ import annotations

import math

from deepaas.client.errors import ClientError

LAST_PRIORITY = 9


def turn_headers(priority: int | None, queue_timeout: float | None) -> dict[str, str]:
    """Return the headers for what is not None. Raises ClientError."""
    headers: dict[str, str] = {}
    if priority is not None:
        if type(priority) is not int or not 1 <= priority <= LAST_PRIORITY:
            raise ClientError(
                f"priority: {priority!r} is not a whole number from 1 (first) to {LAST_PRIORITY}"
            )
        headers["X-DEEPaaS-Priority"] = str(priority)
    if queue_timeout is not None:
        if not 0 < queue_timeout < math.inf:
            raise ClientError(
                f"queue_timeout: {queue_timeout!r} is not a number of seconds greater than 0"
            )
        headers["X-DEEPaaS-Timeout"] = repr(float(queue_timeout))
    return headers
