"""What clients are told of exceptions of libraries: sentences of the host's own.

Those of libraries change with their versions, and may name addresses and paths of this machine.
"""

from __future__ import annotations

import asyncio
import os

import aiohttp
from aiohttp import http_exceptions

_REQUEST: dict[type[Exception], str] = {
    http_exceptions.LineTooLong: "a line of the request is too long",
    http_exceptions.InvalidURLError: "the first line of the request names no path",
    http_exceptions.BadStatusLine: "the first line of the request is not HTTP",
    http_exceptions.InvalidHeader: "a header of the request cannot be read",
    http_exceptions.ContentLengthError: "the body is not as long as Content-Length says",
    http_exceptions.TransferEncodingError: "the body is not sent in chunks as HTTP has them",
    http_exceptions.ContentEncodingError: "the body is not packed as Content-Encoding says",
    http_exceptions.PayloadEncodingError: "the body is not sent as its headers say",
}

_TLS = (aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError)
_BROKEN_OFF = (aiohttp.ServerDisconnectedError, aiohttp.ClientPayloadError)


def of_request(error: BaseException | None, otherwise: str) -> str:
    """What is wrong with a request that aiohttp cannot read."""
    while error is not None:
        for kind in type(error).__mro__:
            if kind in _REQUEST:
                return _REQUEST[kind]
        error = error.__cause__
    return otherwise


def of_call(error: Exception) -> str:
    """Why a request that the host has sent came to nothing, without where it went."""
    if isinstance(error, aiohttp.ClientResponseError):
        unreadable = isinstance(error.__cause__, http_exceptions.HttpProcessingError)
        return "the answer cannot be read" if unreadable else f"the answer was {error.status}"
    if isinstance(error, asyncio.TimeoutError):
        return "there was no answer in time"
    if isinstance(error, (aiohttp.ClientConnectorDNSError, UnicodeError)):
        return "its name is not known here"
    if isinstance(error, (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError)):
        return "that is no URL"
    if isinstance(error, _TLS):
        return "it has no certificate that is trusted, or does not speak TLS"
    if isinstance(error, _BROKEN_OFF):
        return "the connection broke off"
    if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return "there was no answer that can be read"
