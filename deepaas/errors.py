"""Errors of calls, independent of HTTP.

Each class has a fixed ``code`` and builds its own message; the table in ``deepaas.web.errors``
maps the classes to statuses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

_LONGEST_NAME = 100


class DeepaasError(Exception):
    """Base class of all errors that are reported to clients.

    Attributes:
        code: a fixed word that programs can compare.
        message: one sentence for people.
        details: more for the log, such as a traceback; never sent to a client.
        notice: what else the client should know, for a header; ASCII.
    """

    code = "error"
    notice = ""

    def __init__(self, message: str, *, details: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class Named(Protocol):
    @property
    def name(self) -> str: ...


class ConfigError(DeepaasError):
    """An option is unknown or has an invalid value; the host exits with this message."""

    code = "bad_option"


class MalformedRequest(DeepaasError):
    """A body does not match its headers. ``fields``, if any, has the format of DEEPaaS 2.x, which
    does not say where; its ``notice`` does."""

    code = "malformed_request"

    def __init__(self, message: str, *, fields: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.fields = fields


class UnsupportedMediaType(DeepaasError):
    """Bodies of this media type are not supported."""

    code = "unsupported_media_type"

    @classmethod
    def of_arguments(cls, media_type: str) -> UnsupportedMediaType:
        return cls(
            f"arguments cannot be read from a body of type {media_type!r}: "
            "send multipart/form-data, application/x-www-form-urlencoded or application/json"
        )


class RequestTooLarge(DeepaasError):
    """A body is larger than ``client-max-size``, or than the door accepts."""

    code = "too_large"

    @classmethod
    def than(cls, limit_bytes: int) -> RequestTooLarge:
        return cls(f"the request is larger than the limit of {limit_bytes} bytes")


class UnpacksTooMuch(DeepaasError):
    """A compressed body expands too much: perhaps it was made to fill the host's memory."""

    code = "unpacks_too_much"

    def __init__(self, ratio: int) -> None:
        super().__init__(
            f"the body expands to more than {ratio} times its length: send it uncompressed"
        )


class LimitExceeded(DeepaasError):
    """A key, an address or a model has used up its limit (``limit-per-…``).

    Attributes:
        violated: the policies that refuse the call, and for how many seconds.
    """

    code = "limit_exceeded"

    def __init__(self, scope: str, limit: str, violated: Mapping[str, float]) -> None:
        super().__init__(f"the limit of this {scope} is reached: {limit}")
        self.violated = violated
        self.retry_after_seconds = max(violated.values())


class BodyUnreadable(DeepaasError):
    """The process that parses a body has exited, or could not be started."""

    code = "body_unreadable"
    retry_after_seconds = 5.0

    def __init__(self) -> None:
        super().__init__("the host cannot read the body at the moment: try again later")


class ForeignOrigin(DeepaasError):
    """The request comes from a web page of an origin that is not in ``allowed-origin``."""

    code = "foreign_origin"


class UnknownHost(DeepaasError):
    """The request uses a host name that is neither the host's own nor in ``allowed-host``."""

    code = "unknown_host"


class Unauthenticated(DeepaasError):
    """The request contains no valid key. ``was_given``: it contains a wrong or expired one."""

    code = "unauthenticated"

    def __init__(
        self,
        message: str = "a key is required: send it as 'Authorization: Bearer KEY'",
        *,
        was_given: bool = False,
    ) -> None:
        super().__init__(message)
        self.was_given = was_given

    @classmethod
    def unknown(cls) -> Unauthenticated:
        return cls("the key is not valid: it is unknown, revoked or has expired", was_given=True)


class NotPermitted(DeepaasError):
    """The key is valid, but it does not have the right that the request needs.

    ``name`` is that of its owner. ``model`` is empty if the right is needed for all models.
    """

    code = "not_permitted"

    def __init__(self, name: str, right: str, model: str = "", *, is_partial: bool = False) -> None:
        where = ""
        if model:
            where = f" for a model named {model[:_LONGEST_NAME]!r}"
        elif is_partial:
            where = " for all models"
        super().__init__(f"{name!r} does not have the right {right!r}{where}")
        self.right = right


class NotGranted(DeepaasError):
    """The token is valid, but no ``--oidc-grant`` applies to its owner."""

    code = "not_granted"

    def __init__(self, issuer: str) -> None:
        super().__init__(
            f"the token of {issuer} is valid, but its owner has no access here: the operator "
            "grants it (--oidc-grant)"
        )


class IssuerUnavailable(DeepaasError):
    """The keys of the OpenID Connect issuer cannot be fetched."""

    code = "issuer_unavailable"
    retry_after_seconds = 10.0

    def __init__(self, issuer: str) -> None:
        super().__init__(f"the token cannot be checked: {issuer} does not respond")


class RequestTimedOut(DeepaasError):
    """A body has made no progress for ``body-timeout``."""

    code = "request_timed_out"

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the request body made no progress for {seconds:g} s")


class InvalidArguments(DeepaasError):
    """Some arguments are invalid; ``fields`` maps their names to messages."""

    code = "invalid_arguments"

    def __init__(self, fields: dict[str, Any]) -> None:
        super().__init__("the arguments are not valid")
        self.fields = fields


class ModelNotFound(DeepaasError):
    """No model of this name is served.

    ``served``: those that are, not all of which the client may know.
    """

    code = "model_not_found"

    def __init__(self, name: str, served: Sequence[Named] = ()) -> None:
        super().__init__(f"no model named {name!r} is served here")
        self.name = name
        self.served = served


class ModelUnavailable(DeepaasError):
    """The model is served, but none of its workers can process calls at the moment.

    Attributes:
        leaving: whether the reason is that the host is stopping; ``begun`` is for calls that a
            worker was already processing.
    """

    code = "model_unavailable"

    def __init__(
        self,
        name: str,
        reason: str,
        retry_after_seconds: float = 1.0,
        *,
        leaving: bool = False,
        begun: bool = False,
    ) -> None:
        what = f"a call to model {name!r} was interrupted"
        super().__init__(f"{what if begun else f'model {name!r} is unavailable'}: {reason}")
        self.leaving = leaving
        self.retry_after_seconds = retry_after_seconds


class QueueFull(DeepaasError):
    """The queue of a model is full (``queue-size``)."""

    code = "queue_full"
    retry_after_seconds = 1.0

    def __init__(self, name: str, queue_size: int) -> None:
        super().__init__(f"the queue of model {name!r} is full: {queue_size} calls are waiting")


class QueueTimedOut(DeepaasError):
    """A call has waited too long for a worker (``queue-timeout``, ``X-DEEPaaS-Timeout``)."""

    code = "queue_timeout"
    retry_after_seconds = 1.0

    def __init__(self, name: str, seconds: float) -> None:
        super().__init__(
            f"the call waited {seconds:g} s in the queue of model {name!r}, which is its limit: "
            "no worker was free"
        )


class NotImplementedByModel(DeepaasError):
    """The model has no such function, or it raised ``NotImplementedError``."""

    code = "not_implemented"

    def __init__(self, name: str, function: str, *, details: str = "") -> None:
        super().__init__(f"model {name!r} does not implement {function!r}", details=details)


class ExtraMissing(DeepaasError):
    """An optional part of DEEPaaS is not installed."""

    code = "extra_missing"

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} is not installed here: pip install 'deepaas[{extra}]'")


class OutOfProcesses(DeepaasError):
    """The system does not let the host start more threads or processes."""

    code = "out_of_processes"
    retry_after_seconds = 5.0

    def __init__(self) -> None:
        super().__init__("the host cannot start more threads or processes: try again later")


class UpstreamFailed(DeepaasError):
    """A program behind this host cannot be started, or closed the connection."""

    code = "upstream_failed"


class RunFileNotFound(DeepaasError):
    """The run has no such file, or clients are not allowed to read it."""

    code = "file_not_found"

    def __init__(self, name: str) -> None:
        super().__init__(f"the run has no file {name!r}")


class RunNotFound(DeepaasError):
    """The model has no training run with this id."""

    code = "training_not_found"

    def __init__(self, model: str, run: str) -> None:
        super().__init__(f"model {model!r} has no training run {run!r}")


class RunElsewhere(DeepaasError):
    """The files of a training run are in another state directory, on another host."""

    code = "training_elsewhere"

    def __init__(self, run: str) -> None:
        super().__init__(
            f"the files of training run {run} are on another host, in its state directory: "
            "request them there"
        )


class CodecMissing(DeepaasError):
    """The codec of a door cannot be loaded by the Python that runs the model."""

    code = "codec_missing"


class TrainQueueFull(DeepaasError):
    """The queue of training runs is full (``train-queue-size``)."""

    code = "queue_full"
    retry_after_seconds = 60.0

    def __init__(self, queue_size: int) -> None:
        super().__init__(f"the training queue is full: {queue_size} runs are waiting")


class Disabled(DeepaasError):
    """The operator has disabled this part of the API."""

    code = "disabled"

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is disabled on this host")


class MetricsNotOpen(DeepaasError):
    """The metrics are only for programs on the same machine, and for keys."""

    code = "metrics_not_open"

    def __init__(self) -> None:
        super().__init__(
            "metrics can only be read on this machine, without a proxy; their operator can open "
            "them with --metrics-listen, or with a key that has the right 'metrics'",
        )


class CallTimedOut(DeepaasError):
    """The model exceeded its time limit; its process was replaced."""

    code = "timed_out"

    def __init__(self, name: str, limit_seconds: float, what: str = "answer") -> None:
        super().__init__(f"model {name!r} did not {what} within {limit_seconds:g} s")


class WorkerDied(DeepaasError):
    """The worker process exited during this call."""

    code = "worker_died"

    def __init__(self, name: str, how: str) -> None:
        super().__init__(f"the process of model {name!r} {how} during this call")


class ModelFailed(DeepaasError):
    """The model's code raised an exception, or returned something that cannot be sent."""

    code = "model_failed"


class ModelRefused(DeepaasError):
    """The model raised an ``aiohttp.web.HTTPException`` of its own.

    Attributes:
        status: the status that the author chose.
        headers: headers that the author set (``Location``, ``Retry-After`` …).
    """

    code = "model_refused"

    def __init__(
        self, status: int, message: str, headers: dict[str, str], *, details: str = ""
    ) -> None:
        super().__init__(message, details=details)
        self.status = status
        self.headers = headers


class StoreUnavailable(DeepaasError):
    """The database of training runs cannot be reached, or reports an error.

    Attributes:
        is_undecided: whether the data may have been written nevertheless.
    """

    code = "store_unavailable"
    retry_after_seconds = 5.0
    is_undecided = False

    def __init__(self, reason: str, *, details: str = "") -> None:
        super().__init__(f"the database of training runs is unavailable: {reason}", details=details)
        self.reason = reason


class HostExhausted(DeepaasError):
    """The host has no file descriptors left."""

    code = "host_exhausted"
    retry_after_seconds = 1

    def __init__(self, details: str) -> None:
        super().__init__(
            "the host has too many open files and connections: try again later", details=details
        )


class StorageFull(DeepaasError):
    """No space is left on a disk."""

    code = "storage_full"

    def __init__(self, what: str, *, details: str = "") -> None:
        super().__init__(
            f"no space left for {what}: try again later, or ask the operator to free space in the "
            "host's temporary folder (TMPDIR) and its state directory (--state-dir)",
            details=details,
        )
