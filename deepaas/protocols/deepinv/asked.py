"""What the routes pass to the codec besides the body of a request."""

from __future__ import annotations

import msgspec

NAME = "deepinv"

ABOUT, RECEIVED = "about", "received"
"""Headers of an ``Encoded``: JSON of a :class:`CallOutline`; if the client wants to know how long
the call takes, when its body was complete, in nanoseconds since the epoch."""

TENSOR, IMAGE, FILE, TEXT, OTHER = "tensor", "image", "file", "text", "other"
"""Kinds of arguments: ``TEXT`` is any text, which is never taken for a data URL."""


class CallOutline(msgspec.Struct, array_like=True):
    """What the codec must know about a model.

    Attributes:
        tensor: the argument that gets the tensor of the call.
        kind: its kind.
        others: the kinds of the other arguments by name.
        streams: whether the model yields; the last value is the result.
    """

    name: str
    tensor: str
    kind: str
    others: dict[str, str]
    streams: bool = False


class AnswerWish(msgspec.Struct, omit_defaults=True):
    """What ``encode`` must know about a request, as ``Values.wanted``.

    Attributes:
        began_ns: when the arguments were decoded (``time.perf_counter_ns``); 0 if the client does
            not want to know how long the call takes.
        waited_seconds: from the complete body to that.
        streams: see ``CallOutline``.
    """

    began_ns: int = 0
    waited_seconds: float = 0.0
    streams: bool = False
