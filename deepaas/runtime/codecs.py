"""The halves of doors that stand in the worker: they make values of bodies, and bytes of results.

A door whose dialect has large bodies, or results that only its own encoding can carry, has a
*codec* behind an entry point of the group ``deepaas.codec``, under the door's name: an object (or
a module) with the functions of :class:`Codec`. It imports nothing of the host.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import msgspec

from deepaas import plugins
from deepaas.messages import Encoded, Values
from deepaas.runtime.places import MalformedBody

GROUP = "deepaas.codec"


class Codec(Protocol):
    """What a door has in the worker."""

    def decode(self, body: bytes, headers: Mapping[str, str]) -> Values:
        """The values in a body; for small ones the door calls it in the host.

        Args:
            body: as the client sent it.
            headers: of the request, as far as the door passes them on; names in lower case.

        Raises:
            ValueError, msgspec.MsgspecError: it cannot be read; the text says why, for the client.
        """

    def encode(self, result: Any) -> tuple[str, bytes]:
        """Media type and bytes of what ``predict`` returned, or of one thing that it yielded.

        Raises:
            BadResult: it cannot be sent.
        """


@functools.cache
def codec(name: str) -> Codec:
    """The codec of a door.

    Raises:
        RuntimeError: there is none in this interpreter.
    """
    found = plugins.offered(GROUP).get(name)
    if found is None:
        raise RuntimeError(f"the door {name!r} has no codec in this interpreter")
    loaded: Codec = found.load()
    return loaded


def decoded(encoded: Encoded) -> Values:
    """The values in a body.

    Raises:
        MalformedBody: it cannot be read.
    """
    body = Path(encoded.path).read_bytes() if encoded.path else encoded.body
    try:
        return codec(encoded.codec).decode(body, encoded.headers)
    except (ValueError, msgspec.MsgspecError, RecursionError) as error:
        raise MalformedBody({"body": [str(error) or type(error).__name__]}) from None
