"""Failed requests: their error messages, and whether they are retried."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp

from deepaas.client.errors import Busy, ClientError, ConnectionFailed, NotReady, NotSent, TimedOut

FIRST_PAUSE_SECONDS = 0.25
MAX_PAUSE_SECONDS = 10.0
"""If the host requests a longer pause, the error is raised instead."""

_NOT_SENT = (
    aiohttp.ClientConnectorError,
    # Not in aiohttp 3.9.
    getattr(aiohttp, "ConnectionTimeoutError", aiohttp.ClientConnectorError),
)


@contextmanager
def in_our_words(host: str) -> Iterator[None]:
    """Converts exceptions of aiohttp to ClientError, without their long tracebacks."""
    try:
        yield
    except ClientError:
        raise
    except aiohttp.InvalidURL:
        raise ClientError(f"Not a valid URL of a host: {host}") from None
    except aiohttp.ClientConnectorCertificateError as error:
        raise NotSent(
            f"The certificate of {host} is not trusted: {error.certificate_error}. "
            "Set the environment variable SSL_CERT_FILE to the certificate of its authority."
        ) from None
    except _NOT_SENT as error:
        raise NotSent(f"Cannot connect to {host}: {_reason(error)}") from None
    except asyncio.TimeoutError:
        raise TimedOut(f"The request to {host} timed out") from None
    except (aiohttp.ClientError, OSError) as error:
        raise ConnectionFailed(f"The connection to {host} was lost: {_reason(error)}") from None
    except ValueError as error:  # a line break in a header, for instance
        raise ClientError(f"The request cannot be sent: {error}") from None


def pause_seconds(error: ClientError, attempt: int, *, safe: bool) -> float | None:
    """Seconds until a retry, None for no retry; ``safe``: the request may be repeated."""
    pause = FIRST_PAUSE_SECONDS * 2**attempt
    if isinstance(error, (Busy, NotReady)):
        # Only a full queue says for certain that nothing was begun.
        if not safe and error.code != "queue_full":
            return None
        wanted = pause if error.retry_after is None else error.retry_after
        return wanted if wanted <= MAX_PAUSE_SECONDS else None
    if isinstance(error, TimedOut):
        return None
    repeatable = isinstance(error, ConnectionFailed) or error.status in (502, 504)
    return pause if isinstance(error, NotSent) or (safe and repeatable) else None


def _reason(error: Exception) -> str:
    inner = getattr(error, "os_error", error)
    if isinstance(inner, ssl.SSLError):
        return f"it does not support TLS ({inner.reason})"
    if isinstance(inner, OSError) and inner.errno and inner.errno > 0:
        return os.strerror(inner.errno)
    return str(getattr(inner, "strerror", None) or inner or type(error).__name__)
