"""What the routes tell the codec beside the body of a request: the halves share this."""

from __future__ import annotations

import msgspec

NAME = "oip"

HEADER_LENGTH = "Inference-Header-Content-Length"
"""The header with the length of the JSON before binary tensors (Triton's extension_binary_data)."""

ABOUT, LENGTH, ACTION = "about", "length", "action"
"""Headers of an ``Encoded``: JSON of a :class:`ModelOutline`; the value of that header; which of
these it is."""

INFER, GENERATE = "infer", "generate"


class ModelOutline(msgspec.Struct, array_like=True):
    """What the codec has to know of a model.

    Attributes:
        inputs: datatype and shape by name.
        outputs: datatypes of those that are known.
        required: names of the inputs that must be given.
        text: the input that a text to go on from is meant for; empty if there is none.
    """

    name: str
    version: str
    inputs: dict[str, tuple[str, list[int]]]
    outputs: dict[str, str]
    required: list[str]
    text: str


class Wish(msgspec.Struct, omit_defaults=True):
    """What ``encode`` has to know of a request, as ``Values.wanted``.

    Attributes:
        outputs: by name, whether it is wanted as binary data; None for all there are.
        is_binary: whether all are, where none are named.
    """

    model: str
    version: str
    action: str = INFER
    id: str = ""
    outputs: dict[str, bool] | None = None
    is_binary: bool = False
    declared: dict[str, str] = {}
