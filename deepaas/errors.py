"""What can go wrong with a call, in words that know no HTTP.

Each class has a fixed ``code`` and builds its own message; ``deepaas.web.errors``
holds the one table that maps the classes to statuses.
"""

from __future__ import annotations

from typing import Any


class DeepaasError(Exception):
    """Base of all errors that a client may be told about.

    Attributes:
        code: a fixed word for programs.
        message: one sentence for people.
        details: what a log should have besides (a traceback, say), never sent to a client.
    """

    code = "error"

    def __init__(self, message: str, *, details: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class ConfigError(DeepaasError):
    """An option is unknown or has a wrong value; the start stops with this message."""

    code = "bad_option"


class MalformedRequest(DeepaasError):
    """A body cannot be read as what it says it is. ``fields`` has DEEPaaS's wire form, if any."""

    code = "malformed_request"

    def __init__(self, message: str, *, fields: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.fields = fields


class UnsupportedMediaType(DeepaasError):
    """A body of this content type is not taken."""

    code = "unsupported_media_type"

    @classmethod
    def of_arguments(cls, media_type: str) -> UnsupportedMediaType:
        return cls(
            f"arguments cannot be read from a body of type {media_type!r}: "
            "send multipart/form-data, application/x-www-form-urlencoded or application/json"
        )


class RequestTooLarge(DeepaasError):
    """A body is larger than ``client-max-size``, or than a door takes."""

    code = "too_large"

    @classmethod
    def than(cls, limit_bytes: int) -> RequestTooLarge:
        return cls(f"the request is larger than the limit of {limit_bytes} bytes")


class UnpacksTooMuch(DeepaasError):
    """A body is far longer than it was sent: packed to fill the host, perhaps."""

    code = "unpacks_too_much"

    def __init__(self, ratio: int) -> None:
        super().__init__(
            f"the body unpacks to more than {ratio} times its length: send it unpacked"
        )


class BodyUnreadable(DeepaasError):
    """What was to take a body apart has ended, or could not begin."""

    code = "body_unreadable"
    retry_after_seconds = 5.0

    def __init__(self) -> None:
        super().__init__("the body cannot be read at present")


class ForeignOrigin(DeepaasError):
    """A web page of another origin asks, and ``allowed-origin`` does not name it."""

    code = "foreign_origin"


class UnknownHost(DeepaasError):
    """The host is called by a name that is not its own, and ``allowed-host`` does not have it."""

    code = "unknown_host"


class RequestTimedOut(DeepaasError):
    """A body has made no progress for ``body-timeout``."""

    code = "request_timed_out"

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the body of the request has made no progress for {seconds:g} s")


class InvalidArguments(DeepaasError):
    """The arguments do not fit the model's declaration: field name to messages."""

    code = "invalid_arguments"

    def __init__(self, fields: dict[str, Any]) -> None:
        super().__init__("the arguments are not valid")
        self.fields = fields


class ModelNotFound(DeepaasError):
    """No model of this name is served."""

    code = "model_not_found"

    def __init__(self, name: str) -> None:
        super().__init__(f"no model named {name!r} is served here")


class ModelUnavailable(DeepaasError):
    """The model is served, but no worker of it can take calls at present.

    Attributes:
        leaving: whether that is so as the host is about to leave; calls that a worker was at work
            on (``begun``) are told so.
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
        what = f"a call of model {name!r} was ended" if begun else f"model {name!r} takes no calls"
        super().__init__(f"{what}: {reason}" if begun else f"{what} at present: {reason}")
        self.leaving = leaving
        self.retry_after_seconds = retry_after_seconds


class QueueFull(DeepaasError):
    """As many calls as ``queue-size`` allows are waiting already."""

    code = "queue_full"
    retry_after_seconds = 1.0

    def __init__(self, name: str, queue_size: int) -> None:
        super().__init__(f"{queue_size} calls of model {name!r} are waiting already")


class NotImplementedByModel(DeepaasError):
    """The model has no such function, or it raised ``NotImplementedError``."""

    code = "not_implemented"

    def __init__(self, name: str, function: str, *, details: str = "") -> None:
        super().__init__(f"model {name!r} does not implement {function!r}", details=details)


class ExtraMissing(DeepaasError):
    """A part of this host that is installed by choice is not there."""

    code = "extra_missing"

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} is not installed here: pip install 'deepaas[{extra}]'")


class OutOfProcesses(DeepaasError):
    """The system starts no more threads or processes for this host."""

    code = "out_of_processes"
    retry_after_seconds = 5.0

    def __init__(self) -> None:
        super().__init__("the host can start no more threads or processes at present")


class UpstreamFailed(DeepaasError):
    """A program that this host stands in front of cannot be started, or breaks off."""

    code = "upstream_failed"


class RunFileNotFound(DeepaasError):
    """The run has no such file, or none that clients may have."""

    code = "file_not_found"

    def __init__(self, name: str) -> None:
        super().__init__(f"the run has no file {name!r}")


class RunNotFound(DeepaasError):
    """The model has no training of this id."""

    code = "training_not_found"

    def __init__(self, model: str, run: str) -> None:
        super().__init__(f"model {model!r} has no training {run!r}")


class RunElsewhere(DeepaasError):
    """The files of a training lie with a host of another state directory."""

    code = "training_elsewhere"

    def __init__(self, run: str) -> None:
        super().__init__(
            f"the files of training {run} lie with another host, one of another state directory: "
            "ask that one"
        )


class CodecMissing(DeepaasError):
    """The half of a door that decodes and encodes cannot be loaded where the model runs."""

    code = "codec_missing"


class TrainQueueFull(DeepaasError):
    """As many trainings as ``train-queue-size`` allows are waiting already."""

    code = "queue_full"
    retry_after_seconds = 60.0

    def __init__(self, queue_size: int) -> None:
        super().__init__(f"{queue_size} trainings are waiting already")


class Disabled(DeepaasError):
    """The operator has switched this part of the API off."""

    code = "disabled"

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is disabled on this host")


class CallTimedOut(DeepaasError):
    """The model needed longer than it may; its process was replaced."""

    code = "timed_out"

    def __init__(self, name: str, limit_seconds: float, what: str = "answer") -> None:
        super().__init__(f"model {name!r} did not {what} within {limit_seconds:g} s")


class WorkerDied(DeepaasError):
    """The process that held this call ended in the middle of it."""

    code = "worker_died"

    def __init__(self, name: str, how: str) -> None:
        super().__init__(f"the process of model {name!r} {how} while it worked on this call")


class ModelFailed(DeepaasError):
    """The model's own code raised, or answered with something that cannot be sent."""

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
    """The database of the trainings cannot be reached, or does not do what it is asked to.

    Attributes:
        is_undecided: whether what was to be written may have been written all the same.
    """

    code = "store_unavailable"
    retry_after_seconds = 5.0
    is_undecided = False

    def __init__(self, reason: str, *, details: str = "") -> None:
        super().__init__(f"the store of trainings is not available: {reason}", details=details)
        self.reason = reason


class HostExhausted(DeepaasError):
    """The system has no descriptors left for the host."""

    code = "host_exhausted"
    retry_after_seconds = 1

    def __init__(self, details: str) -> None:
        super().__init__(
            "the host has no files and connections left; ask again later", details=details
        )


class StorageFull(DeepaasError):
    """No space is left for what is to be written."""

    code = "storage_full"

    def __init__(self, what: str, *, details: str = "") -> None:
        super().__init__(
            f"no space is left for {what}: try again later, or have the operator free some in the "
            "host's temporary folder (TMPDIR) and its state directory (--state-dir)",
            details=details,
        )
