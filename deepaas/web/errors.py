"""Turns exceptions into error responses, all in one place.

Handlers raise exceptions and never build error responses. Below the paths of a door, errors have
its shape (:class:`ErrorShapes`); elsewhere they extend ``Failure`` of DEEPaaS 2.x::

    {"code": 503, "message": "…", "error": "queue_full"}

Internal errors have an ``id``, which is also in the log, with the traceback. Validation errors have
the format of DEEPaaS 2.x: messages by argument.
"""

from __future__ import annotations

import errno
import http
import logging
import math
import os
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiohttp import hdrs, web
from aiohttp.http_exceptions import HttpProcessingError
from multidict import istr

from deepaas import errors
from deepaas.masks import NOTHING_MASKED, Masks
from deepaas.messages import NO_SPACE
from deepaas.notes import Notes
from deepaas.web.sentences import of_request

_log = logging.getLogger(__name__)

NOTICE = istr("X-DEEPaaS-Notice")
"""Header of responses: what the client should know, for example which arguments were ignored."""

MASKS: web.AppKey[Masks] = web.AppKey("deepaas_masks", Masks)

NOTES: web.AppKey[Notes] = web.AppKey("deepaas_notes", Notes)


@dataclass(frozen=True)
class Problem:
    """The content of an error response, before it has a shape.

    Attributes:
        message: for people, without paths of the host.
        error: a code for programs; empty if the status is enough.
        reference: the id that is logged with the traceback; empty for a client's mistake.
    """

    status: int
    message: str
    error: str = ""
    reference: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    fields: Any = None


Shape = Callable[[Problem], web.Response]


class ErrorShapes:
    """Chooses the shape of an error response: that of the door whose path was requested."""

    def __init__(self) -> None:
        self._by_handler: dict[Any, Shape] = {}
        self._by_path: list[tuple[str, Shape]] = []

    def add(self, shape: Shape, paths: Iterable[str], handlers: Iterable[Any]) -> None:
        """Register a door's shape for its handlers and for everything below its paths."""
        self._by_path += [(path, shape) for path in paths]
        self._by_handler.update((handler, shape) for handler in handlers)

    def of(self, request: web.Request) -> Shape | None:
        """None if the request belongs to no door."""
        shape = self._by_handler.get(request.match_info.handler)
        return shape or self._find(request.path)

    def below(self, path: str) -> Shape:
        return self._find(path) or as_failure

    def _find(self, path: str) -> Shape | None:
        for own, shape in self._by_path:
            if path == own or path.startswith(f"{own}/"):
                return shape
        return None


SHAPES: web.AppKey[ErrorShapes] = web.AppKey("deepaas_error_shapes", ErrorShapes)


class RaisedAnswer(Exception):
    """A response of a door that is raised, because the code that makes it is far from the route."""

    def response(self) -> web.StreamResponse:
        raise NotImplementedError


STATUS: dict[type[errors.DeepaasError], int] = {
    errors.MalformedRequest: 400,
    errors.Unauthenticated: 401,
    errors.Disabled: 403,
    errors.MetricsNotOpen: 403,
    errors.ForeignOrigin: 403,
    errors.NotPermitted: 403,
    errors.NotGranted: 403,
    errors.ModelNotFound: 404,
    errors.RunNotFound: 404,
    errors.RunFileNotFound: 404,
    errors.RunElsewhere: 409,
    errors.RequestTimedOut: 408,
    errors.RequestTooLarge: 413,
    errors.UnpacksTooMuch: 413,
    errors.UnsupportedMediaType: 415,
    errors.UnknownHost: 421,
    errors.InvalidArguments: 422,
    errors.LimitExceeded: 429,
    errors.DeepaasError: 500,
    errors.ModelFailed: 500,
    errors.WorkerDied: 500,
    errors.CodecMissing: 500,
    errors.ExtraMissing: 501,
    errors.NotImplementedByModel: 501,
    errors.UpstreamFailed: 502,
    errors.ModelUnavailable: 503,
    errors.IssuerUnavailable: 503,
    errors.OutOfProcesses: 503,
    errors.QueueFull: 503,
    errors.QueueTimedOut: 503,
    errors.TrainQueueFull: 503,
    errors.StoreUnavailable: 503,
    errors.BodyUnreadable: 503,
    errors.HostExhausted: 503,
    errors.CallTimedOut: 504,
    errors.StorageFull: 507,
}
"""Class to status; subclasses inherit it. ``ModelRefused`` has its own."""


def status_of(error: errors.DeepaasError) -> int:
    if isinstance(error, errors.ModelRefused):
        return error.status
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def challenge(error: errors.DeepaasError) -> dict[str, str]:
    """How to authenticate (RFC 6750), as a header; empty for errors of other kinds."""
    if isinstance(error, errors.Unauthenticated):
        told = ', error="invalid_token"' if error.was_given else ""
    elif isinstance(error, errors.NotPermitted):
        told = f', error="insufficient_scope", scope="{error.right}"'
    else:
        return {}
    return {hdrs.WWW_AUTHENTICATE: f'Bearer realm="deepaas"{told}'}


PROBLEM = "deepaas_problem"
"""Key of a request for the ``Problem`` that it has met."""

BEGUN = "deepaas_begun"
"""Key of a request for the response that has started."""


def break_off(request: web.Request, error: Exception) -> web.StreamResponse:
    """Close the connection of a response that has started: this shows that it is incomplete.

    Raises ``ConnectionError`` if the client has left.
    """
    if isinstance(error, ConnectionError):
        raise error
    _log.error(
        "[%s] %s %s failed while the response was being sent",
        *(new_reference(), request.method, request.path),
        exc_info=error,
    )
    if request.transport is not None:
        request.transport.abort()
    response: web.StreamResponse = request[BEGUN]
    return response


def respond_to_exception(request: web.Request, error: Exception) -> web.StreamResponse:
    """Make a response of an exception that a handler has raised.

    Raises:
        ConnectionError: the client has left.
    """
    if isinstance(error, RaisedAnswer):
        return error.response()
    if isinstance(error, ConnectionError):
        raise error
    return respond_to_error(request, error)


def no_space(error: BaseException) -> errors.StorageFull | None:
    """The error to report if something could not be written because the disk is full; else None."""
    if isinstance(error, OSError) and error.errno in NO_SPACE:
        return errors.StorageFull("what this request needs", details=str(error.strerror))
    return None


def lacking(error: BaseException) -> errors.DeepaasError | None:
    """The error to report if disk space, descriptors, threads or processes ran out; else None."""
    if isinstance(error, RuntimeError) and str(error) == "can't start new thread":
        return errors.OutOfProcesses()
    if not isinstance(error, OSError):
        return None
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return errors.HostExhausted(os.strerror(error.errno))
    if error.errno == errno.EAGAIN:
        return errors.OutOfProcesses()
    return no_space(error)


def respond_to_error(request: web.Request, error: Exception) -> web.Response:
    problem = request[PROBLEM] = problem_of(request, error)
    if problem.status < 400 and not isinstance(error, web.HTTPMove):
        return web.Response(status=problem.status, headers=problem.headers)
    shapes = request.config_dict.get(SHAPES)
    if shapes is not None and (shape := shapes.of(request)) is not None:
        return shape(problem)
    if isinstance(error, errors.LimitExceeded):
        return _as_quota_exceeded(problem, error.violated)
    return as_failure(problem)


def problem_of(request: web.Request, error: Exception) -> Problem:
    """What to tell the client about an error; also logs it."""
    if isinstance(error, errors.DeepaasError):
        return _problem_of_error(request, error)
    if isinstance(error, web.HTTPException):
        return problem_of_http(error)
    if isinstance(error, (HttpProcessingError, web.RequestPayloadError)):
        # aiohttp could not read the body, for example because of bad chunks.
        message = of_request(error, "the body is malformed or incomplete")
        return _problem_of_error(request, errors.MalformedRequest(message))
    if told := lacking(error):
        return _problem_of_error(request, told)
    reference = new_reference()
    _log.error(
        "[%s] %s %s: internal error", reference, request.method, request.path, exc_info=error
    )
    return Problem(500, "internal error in the host", reference=reference)


def _problem_of_error(request: web.Request, error: errors.DeepaasError) -> Problem:
    status = status_of(error)
    if isinstance(error, errors.HostExhausted) and NOTES in request.config_dict:
        request.config_dict[NOTES].note(
            f"a request failed, no file descriptor was left: {error.details}"
        )
    if isinstance(error, errors.RequestTooLarge) and NOTES in request.config_dict:
        request.config_dict[NOTES].note(f"{error.message} (option client-max-size)")
    headers = dict(error.headers) if isinstance(error, errors.ModelRefused) else challenge(error)
    retry_after_seconds = getattr(error, "retry_after_seconds", None)
    if retry_after_seconds is not None:
        headers["Retry-After"] = str(max(1, math.ceil(retry_after_seconds)))
    if error.notice:
        headers[NOTICE] = error.notice
    masks = request.app.get(MASKS, NOTHING_MASKED)
    fields = masks.value(getattr(error, "fields", None))
    reference = ""
    if status == 500 and not fields:
        reference = new_reference()
        _log.error(
            "[%s] %s %s: %s%s",
            reference,
            request.method,
            request.path,
            error.message,
            f"\n{error.details.rstrip()}" if error.details else "",
        )
    elif status == web.HTTPInsufficientStorage.status_code:
        _log.warning("%s %s: %s", request.method, request.path, error.message)
    elif error.details:
        _log.debug("%s %s: %s", request.method, request.path, error.details.rstrip())
    return Problem(status, masks.text(error.message), error.code, reference, headers, fields)


def as_failure(problem: Problem) -> web.Response:
    if problem.fields:
        return json_response(problem.fields, problem.status, problem.headers)
    body: dict[str, Any] = {"code": problem.status, "message": problem.message}
    if problem.error:
        body["error"] = problem.error
    if problem.reference:
        body["id"] = problem.reference
    return json_response(body, problem.status, problem.headers)


def _as_quota_exceeded(problem: Problem, violated: Iterable[str]) -> web.Response:
    """In the format of RFC 9457, as the draft of RateLimit headers says."""
    body = {
        "type": "https://iana.org/assignments/http-problem-types#quota-exceeded",
        "title": "Request cannot be satisfied as assigned quota has been exceeded",
        "status": problem.status,
        "detail": problem.message,
        "violated-policies": list(violated),
    }
    headers = {**problem.headers, hdrs.CONTENT_TYPE: "application/problem+json"}
    return json_response(body, problem.status, headers)


def problem_of_http(error: web.HTTPException) -> Problem:
    headers = {
        name: value
        for name, value in error.headers.items()
        if name.lower() not in ("content-type", "content-length")
    }
    standard = http.HTTPStatus(error.status)
    message = error.reason if error.reason != standard.phrase else standard.description
    if isinstance(error, web.HTTPMove):
        # Clients that do not follow redirects, such as curl without -L, show this.
        message = f"send the request to {error.location} (curl -L follows redirects)"
    elif isinstance(error, web.HTTPMethodNotAllowed) and error.allowed_methods:
        message = (
            f"{error.method} is not possible here: use {', '.join(sorted(error.allowed_methods))}"
        )
    return Problem(error.status, message or error.reason, standard.name.lower(), headers=headers)


def json_response(
    body: Any, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(body),
        status=status,
        headers={"Content-Type": "application/json; charset=utf-8", **(headers or {})},
    )


def new_reference() -> str:
    return secrets.token_hex(6)
