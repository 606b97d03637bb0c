"""What can go wrong when a host is asked: one family of exceptions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class ClientError(Exception):
    """Base of all of them, in words for the one who asked.

    Attributes:
        message: the host's own, if it has said something.
        status: of its answer, 0 if there was none.
        fields: messages by argument; empty unless arguments are at fault.
        code: the host's fixed word for it (``queue_full`` …), empty if it has none.
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
    """There is no answer: nobody listens there, or the connection broke off."""


class TimedOut(ConnectionFailed, TimeoutError):
    """There is no answer within the client's ``timeout``."""


class NotSent(ConnectionFailed):
    """No connection came about, so the host knows nothing of the request."""


class InvalidArguments(ClientError):
    """Arguments do not fit; ``fields`` has the messages by argument."""

    def __str__(self) -> str:
        if not self.status:  # The client's own message has it all.
            return self.message
        said = [f"{name}: {' '.join(messages)}" for name, messages in self.fields.items()]
        return "\n  ".join([self.message, *said])


class ModelNotFound(ClientError):
    """The host serves no model of this name."""


class TrainingNotFound(ClientError):
    """The model has no training of this id."""


class ModelFailed(ClientError):
    """The model's own code has failed or refused, or its process has ended."""


class Busy(ClientError):
    """The host takes no more calls at present.

    Attributes:
        retry_after: in how many seconds it is worth asking again; None if the host has not said.
    """

    retry_after: float | None = None


class NotReady(ClientError):
    """It is there, but not ready: a model that is broken or being loaded, a database that is away.

    Attributes:
        retry_after: as with `Busy`.
    """

    retry_after: float | None = None


class NotSupported(ClientError):
    """The model, or the host, does not have that."""


class Unauthorized(ClientError):
    """The host, or the proxy in front of it, does not let this client in."""


class HostError(ClientError):
    """The host has failed, cannot be understood, or refuses for another reason."""
