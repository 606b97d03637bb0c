"""What the routes pass to the codec besides the body of a request."""

from __future__ import annotations

import msgspec

NAME = "oip"

HEADER_LENGTH = "Inference-Header-Content-Length"
"""The header with the length of the JSON before binary tensors (Triton's extension_binary_data)."""

ABOUT, LENGTH, ACTION = "about", "length", "action"
"""Headers of an ``Encoded``: JSON of a :class:`ModelOutline`; the value of the header above;
``INFER`` or ``GENERATE``."""

INFER, GENERATE = "infer", "generate"


class ModelOutline(msgspec.Struct, array_like=True):
    """What the codec must know about a model.

    Attributes:
        inputs: datatype and shape by name.
        outputs: datatypes of the declared outputs.
        required: names of the required inputs.
        text: the input for the prompt of ``generate``; empty if there is none.
    """

    name: str
    version: str
    inputs: dict[str, tuple[str, list[int]]]
    outputs: dict[str, str]
    required: list[str]
    text: str


class Wish(msgspec.Struct, omit_defaults=True):
    """What ``encode`` must know about a request, as ``Values.wanted``.

    Attributes:
        outputs: the requested outputs by name, and whether as binary data; None for all.
        is_binary: whether all are binary, if none are named.
    """

    model: str
    version: str
    action: str = INFER
    id: str = ""
    outputs: dict[str, bool] | None = None
    is_binary: bool = False
    declared: dict[str, str] = {}
