"""The exceptions of the client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class ClientError(Exception):
    """Base class of all errors of the client.

    Attributes:
        message: from the host, if it has sent one.
        status: of the response, 0 if there was none.
        fields: messages by argument, if arguments are not valid.
        code: the host's error code (``queue_full`` …), empty if there is none.
    """

    def __init__(
        self,
        message: str,
        status: int = 0,
        fields: Mapping[str, Sequence[str]] | None = None,
        code: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.fields = {name: list(messages) for name, messages in (fields or {}).items()}
        self.code = code

    def __reduce__(self) -> tuple[Any, ...]:
        arguments = (self.message, self.status, self.fields, self.code)
        return (type(self), arguments, self.__dict__)


class ConnectionFailed(ClientError):
    """There is no response: the connection was refused or lost."""


class TimedOut(ConnectionFailed, TimeoutError):
    """There was no response within the client's ``timeout``."""


class NotSent(ConnectionFailed):
    """The connection could not be established, so the host has not received the request."""


class InvalidArguments(ClientError):
    """Arguments are not valid; ``fields`` has the messages by argument."""

    def __str__(self) -> str:
        if not self.status:  # The client's own message is complete.
            return self.message
        said = [f"{name}: {' '.join(messages)}" for name, messages in self.fields.items()]
        return "\n  ".join([self.message, *said])


class ModelNotFound(ClientError):
    """The host has no model with this name."""


class TrainingNotFound(ClientError):
    """The model has no training run with this id."""


class ModelFailed(ClientError):
    """The model's code has raised an exception, or its process has exited."""


class Busy(ClientError):
    """The model is not available at the moment, or its queue is full.

    Attributes:
        retry_after: seconds after which to retry; None if the host has not sent it.
    """

    retry_after: float | None = None


class NotReady(ClientError):
    """It is there, but not ready: a model that is broken or being loaded, a database that is away.

    Attributes:
        retry_after: as with `Busy`.
    """

    retry_after: float | None = None


class NotSupported(ClientError):
    """The model or the host does not support this."""


class Unauthorized(ClientError):
    """The host, or a proxy in front of it, denies access."""


class HostError(ClientError):
    """The host has failed, its response is invalid, or it rejects the request for other reasons."""
