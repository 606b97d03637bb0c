"""Converts exceptions in a model's code to messages for clients."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from typing import Any

import marshmallow

from deepaas.messages import NO_SPACE, Encoded, Failure, Inputs
from deepaas.model.v2 import InvalidArgument
from deepaas.runtime import unknown_names
from deepaas.runtime.codecs import NoCodec, NotAsWanted
from deepaas.runtime.json_values import BadResult
from deepaas.runtime.places import MalformedBody
from deepaas.runtime.tracebacks import authors_traceback

MAX_MESSAGE_CHARACTERS = 1000
MAX_MESSAGES_COUNT = 1000
MAX_TRACEBACK_CHARACTERS = 32_000

INVALID = "the arguments are not valid"


class CannotBeServed(Exception):
    """A model cannot be served; the message is for its author, so that a traceback is not needed.
    ``problem`` is one line; ``details`` is for the log."""

    def __init__(self, problem: str, details: str = "") -> None:
        super().__init__(problem)
        self.details = details


def failure(call_id: int, error: BaseException) -> Failure:
    if isinstance(error, NotImplementedError):
        said = reason(error) if text(error) else ""
        return Failure(call_id, "not_implemented", said, traceback=traceback_text(error))
    if isinstance(error, InvalidArgument):
        fields = {_encodable(str(error.name)): [_shorten(_encodable(str(error.message)))]}
        return Failure(call_id, "invalid_arguments", INVALID, fields)
    if isinstance(error, BadResult):
        return Failure(
            call_id,
            "model_failed",
            "the model's result cannot be sent: see the host's log",
            traceback=text(error),
        )
    if isinstance(error, NotAsWanted):
        return Failure(call_id, "model_refused", _shorten(text(error)), status=error.status)
    if isinstance(error, OSError) and error.errno in NO_SPACE:
        return Failure(call_id, "storage_full", reason(error), traceback=traceback_text(error))
    if isinstance(error, NoCodec):
        return Failure(call_id, "codec_missing", text(error), traceback=traceback_text(error))
    refused = _own_http_exception(error)
    if refused is not None:
        status, message, headers = refused
        return Failure(
            call_id,
            "model_refused",
            message,
            status=status,
            headers=headers,
            traceback=traceback_text(error),
        )
    return Failure(call_id, "model_failed", reason(error), traceback=traceback_text(error))


def bad_arguments(
    call_id: int, error: marshmallow.ValidationError | MalformedBody, inputs: Inputs
) -> Failure:
    """Includes advice on ignored names: one of them may be a missing argument, misspelt."""
    if isinstance(error, MalformedBody):
        unreadable = Failure(call_id, "malformed_request", "the body cannot be read", error.fields)
        unreadable.notice = f"invalid JSON: {error.where}" if error.where else ""
        return unreadable
    messages: Any = error.normalized_messages()  # type: ignore[no-untyped-call]
    fields = _plain(messages, itertools.count(1))
    if not isinstance(inputs, Encoded):
        fields = {**unknown_names.messages(inputs.ignored), **fields}
    return Failure(call_id, "invalid_arguments", INVALID, fields)


def reason(error: BaseException) -> str:
    """One line with an exception, and its cause, if any."""
    if isinstance(error, CannotBeServed):
        return _shorten(text(error))
    said = f"{type(error).__name__}: {text(error)}" if text(error) else type(error).__name__
    origin = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if origin is not None and text(origin) and not _is_http_exception(error):
        said += f" (after {type(origin).__name__}: {text(origin)})"
    return _shorten(" ".join(said.split()))


def text(error: BaseException) -> str:
    """The text of an exception, even if its ``__str__`` raises."""
    try:
        return _encodable(str(error))
    except BaseException:  # Also SystemExit: reporting a failure must not fail.
        return "(its text cannot be shown)"


def one_line(said: str) -> str:
    """A text of the author's that can be shown in a line."""
    return _shorten(_encodable(" ".join(said.split())))


def traceback_text(error: BaseException) -> str:
    if isinstance(error, CannotBeServed):
        return error.details
    lines = _encodable(authors_traceback(error))
    if len(lines) <= MAX_TRACEBACK_CHARACTERS:
        return lines
    half = MAX_TRACEBACK_CHARACTERS // 2
    return f"{lines[:half]}\n[…]\n{lines[-half:]}"


def _own_http_exception(error: BaseException) -> tuple[int, str, dict[str, str]] | None:
    if not _is_http_exception(error):
        return None
    http: Any = error
    if not 200 <= http.status <= 599:
        # The base class, which authors sometimes raise, has no status.
        return None
    said = http.text if http.text and http.text != f"{http.status}: {http.reason}" else http.reason
    headers = {
        name: value
        for name, value in http.headers.items()
        if name.lower() not in ("content-type", "content-length", "transfer-encoding")
        and str(value).isprintable()
    }
    return http.status, _shorten(_encodable(str(said))), headers


def _is_http_exception(error: BaseException) -> bool:
    # The runtime does not import aiohttp, but code that raises this has.
    aiohttp_web = sys.modules.get("aiohttp.web")
    return aiohttp_web is not None and isinstance(error, aiohttp_web.HTTPException)


def _shorten(message: str) -> str:
    return (
        message
        if len(message) <= MAX_MESSAGE_CHARACTERS
        else message[:MAX_MESSAGE_CHARACTERS] + "…"
    )


def _plain(messages: Any, numbers: Iterator[int]) -> Any:
    """Validation messages as JSON values; ``numbers`` counts them, up to a limit."""
    if isinstance(messages, dict):
        wanted = itertools.takewhile(
            lambda _: next(numbers) <= MAX_MESSAGES_COUNT, messages.items()
        )
        return {_encodable(str(key)): _plain(value, numbers) for key, value in wanted}
    if isinstance(messages, (list, tuple)):
        return [_plain(item, numbers) for item in messages[:MAX_MESSAGES_COUNT]]
    if isinstance(messages, (int, float, bool)):
        return messages
    return _shorten(_encodable(str(messages)))


def _encodable(said: str) -> str:
    """Text without unpaired surrogates, which cannot be sent."""
    return said.encode(errors="backslashreplace").decode()
