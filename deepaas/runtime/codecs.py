"""The halves of doors that stand in the worker: they make values of bodies, and bytes of results.

A door with large bodies, or with results that only its own encoding can carry, has a *codec* behind
an entry point of the group ``deepaas.codec``, under its name: an object (or a module) with the
functions of :class:`Codec`, which imports nothing of the host.
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
"""A body no larger than this is read, which is quicker than to map it; and its file may serve the
next call while the model still has what was made of this one."""

ALIGNED_BYTES = 16
"""At multiples of it numbers of any size lie well; memory for a ``bytearray`` begins at one."""

Bytes = bytes | bytearray | memoryview


class NoCodec(Exception):
    """It is not there, which is no fault of a client, nor of the model; the text says so."""


class NotAsWanted(Exception):
    """A result cannot be sent as this client wants it, which ``status`` and the text tell it."""

    def __init__(self, why: str, status: int = 400) -> None:
        super().__init__(why)
        self.status = status


class EncodedResult(NamedTuple):
    """The bytes of a result, or several of them that follow each other; a tuple does as well."""

    media_type: str
    data: Bytes | Sequence[Bytes]
    headers: Mapping[str, str] = {}


class Codec(Protocol):
    def decode(self, body: Bytes, headers: Mapping[str, str]) -> Values:
        """The values in a body; the door calls it in the host if it is small. Names of headers are
        in lower case. ValueError or msgspec.MsgspecError tell the client why it cannot be read."""

    def encode(self, result: Any, wanted: Mapping[str, Any]) -> EncodedResult:
        """What ``predict`` returned, for a call with ``Values.wanted``: files are open, what is
        yielded is a list, unless each part is wanted as it comes. ValueError tells the client what
        it cannot have; any other exception is the model's failure."""


@functools.cache
def codec(name: str) -> Codec:
    """The codec of a door; ``NoCodec`` if there is none that can be loaded here."""
    found = plugins.offered(GROUP).get(name)
    if found is None:
        raise NoCodec(f"the codec of the door {name!r} is not installed where the model runs")
    try:
        loaded: Codec = found.load()
    except Exception as error:
        said = f"the codec of the door {name!r} cannot be loaded where the model runs"
        raise NoCodec(said) from error
    return loaded


def decoded(encoded: Encoded) -> Values:
    """The values in a body; MalformedBody if it cannot be read."""
    try:
        return codec(encoded.codec).decode(_body(encoded), encoded.headers)
    except (ValueError, msgspec.MsgspecError, RecursionError) as error:
        raise MalformedBody({"body": [str(error) or type(error).__name__]}) from None


def encoded(name: str, result: Any, wanted: Mapping[str, Any]) -> EncodedResult:
    """The bytes of a result; NotAsWanted, or what else the codec raises."""
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


def _body(encoded: Encoded) -> Bytes:
    if not encoded.path:
        return encoded.body
    with open(encoded.path, "rb", buffering=0) as file:
        size_bytes = os.fstat(file.fileno()).st_size
        if size_bytes <= READ_BYTES:
            begin = -encoded.numbers_at % ALIGNED_BYTES
            read = memoryview(bytearray(begin + size_bytes))[begin:]
            file.readinto(read)
            return read
        # A copy as soon as somebody writes to it: what is made of it may belong to the model.
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))
