"""The host's own messages for exceptions of libraries.

Messages of libraries change between versions, and may contain addresses and paths of this machine.
"""

from __future__ import annotations

import asyncio
import os

import aiohttp
from aiohttp import http_exceptions

_REQUEST: dict[type[Exception], str] = {
    http_exceptions.LineTooLong: "a line of the request is too long",
    http_exceptions.InvalidURLError: "the request line contains no valid path",
    http_exceptions.BadStatusLine: "the request line is not valid HTTP",
    http_exceptions.InvalidHeader: "a header of the request is not valid",
    http_exceptions.ContentLengthError: "the body does not have the length given in Content-Length",
    http_exceptions.TransferEncodingError: "the body is not valid chunked data",
    http_exceptions.ContentEncodingError: "the body is not compressed as Content-Encoding says",
    http_exceptions.PayloadEncodingError: "the body does not match its headers",
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
    """Why a request from this host failed, without the address."""
    if isinstance(error, aiohttp.ClientResponseError):
        unreadable = isinstance(error.__cause__, http_exceptions.HttpProcessingError)
        return (
            "the response is not HTTP" if unreadable else f"the response had status {error.status}"
        )
    if isinstance(error, asyncio.TimeoutError):
        return "the request timed out"
    if isinstance(error, (aiohttp.ClientConnectorDNSError, UnicodeError)):
        return "the host name cannot be resolved"
    if isinstance(error, (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError)):
        return "the URL is not valid"
    if isinstance(error, _TLS):
        return "the certificate is not trusted, or the server does not support TLS"
    if isinstance(error, _BROKEN_OFF):
        return "the connection was closed"
    if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return "there was no valid response"
