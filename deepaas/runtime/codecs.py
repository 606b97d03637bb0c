"""Codecs: the parts of doors that run in the worker, to decode bodies and encode results.

A door with large bodies, or with results that need its own encoding, has a *codec*, an entry point
of the group ``deepaas.codec`` with the door's name: an object (or a module) with the functions of
:class:`Codec`, which imports no code of the host.
"""

from __future__ import annotations

import functools
import mmap
import os
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any, NamedTuple, Protocol

import msgspec

from deepaas import plugins
from deepaas.messages import Encoded, Values
from deepaas.model.v2.wrapper import ReturnedFile
from deepaas.runtime.places import MalformedBody
from deepaas.runtime.regular import check_opened, open_regular

GROUP = "deepaas.codec"

READ_BYTES = 1024 * 1024
"""Bodies up to this size are read, which is faster than mapping them. Their file can be reused
while the model still uses the decoded values."""

ALIGNED_BYTES = 16
"""Alignment that suits numbers of any size; the memory of a ``bytearray`` has it."""

Bytes = bytes | bytearray | memoryview


class NoCodec(Exception):
    """The codec is not available, which is not the fault of the client or the model."""


class NotAsWanted(Exception):
    """A result cannot be sent in the requested form; ``status`` and text are for the client."""

    def __init__(self, why: str, status: int = 400) -> None:
        super().__init__(why)
        self.status = status


class EncodedResult(NamedTuple):
    """The bytes of a result, or several pieces in order; a plain tuple is accepted too."""

    media_type: str
    data: Bytes | Sequence[Bytes]
    headers: Mapping[str, str] = {}


class Codec(Protocol):
    def decode(self, body: Bytes, headers: Mapping[str, str]) -> Values:
        """The values in a body; for small ones, the door calls this in the host. Header names are
        in lower case. ValueError or msgspec.MsgspecError have messages for the client."""

    def encode(self, result: Any, wanted: Mapping[str, Any]) -> EncodedResult:
        """Encode the result of ``predict``, for a call with ``Values.wanted``: files are open;
        yielded values are a list, unless parts are streamed. ValueError has a message for the
        client; any other exception is a failure of the model."""


@functools.cache
def codec(name: str) -> Codec:
    """The codec of a door; ``NoCodec`` if it cannot be loaded here."""
    found = plugins.offered(GROUP).get(name)
    if found is None:
        raise NoCodec(
            f"the codec of the protocol {name!r} is not installed for the Python of the model"
        )
    try:
        loaded: Codec = found.load()
    except Exception as error:
        said = f"the codec of the protocol {name!r} cannot be loaded by the Python of the model"
        raise NoCodec(said) from error
    return loaded


class BodyMemory:
    """Memory for bodies, used again as soon as nothing refers to what was there: memory that has
    just been used is quicker to write than new memory."""

    def __init__(self) -> None:
        self._memory = bytearray()

    def take(self, size_bytes: int) -> memoryview:
        try:
            # Its size cannot be changed while there is a view of it, or an array in it.
            self._memory.append(0)
            self._memory.pop()
        except BufferError:
            self._memory = bytearray()
        if len(self._memory) < size_bytes:
            self._memory = bytearray(size_bytes)
        return memoryview(self._memory)[:size_bytes]


def decoded(encoded: Encoded, memory: BodyMemory | None = None) -> Values:
    """The values in a body; MalformedBody if it cannot be read."""
    try:
        body = _body(encoded, memory or BodyMemory())
        return codec(encoded.codec).decode(body, encoded.headers)
    except (ValueError, msgspec.MsgspecError, RecursionError) as error:
        raise MalformedBody({"body": [str(error) or type(error).__name__]}) from None


def encoded(name: str, result: Any, wanted: Mapping[str, Any]) -> EncodedResult:
    """The bytes of a result; raises NotAsWanted, or any exception of the codec."""
    if isinstance(result, ReturnedFile):
        result = open_regular(result.filename or "")
    elif isinstance(result, PurePath):
        result = open_regular(result)
    elif hasattr(result, "read"):
        check_opened(result)
    try:
        return codec(name).encode(result, wanted)
    except ValueError as error:
        raise NotAsWanted(str(error)) from None
    finally:
        if hasattr(result, "read") and hasattr(result, "close"):
            result.close()


def _body(encoded: Encoded, memory: BodyMemory) -> Bytes:
    if not encoded.path:
        return encoded.body
    descriptor = os.open(encoded.path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        size_bytes = os.fstat(descriptor).st_size
        if size_bytes > READ_BYTES:
            # Copied on write, because the model may change arrays in it.
            return memoryview(mmap.mmap(descriptor, 0, access=mmap.ACCESS_COPY))
        begin = -encoded.numbers_at % ALIGNED_BYTES
        body = memory.take(begin + size_bytes)[begin:]
        if os.readv(descriptor, [body]) != size_bytes:
            raise ValueError("the body is incomplete")  # Its client has left.
        return body
    finally:
        os.close(descriptor)
