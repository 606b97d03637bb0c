"""Outputs of every type."""

from __future__ import annotations

from .. import differences as differ
from .case import predict

CASES = [
    predict("ReturnsNumber", "default"),
    predict("ReturnsNumber", "large", i=2**62),
    predict("ReturnsShare", "half"),
    predict("ReturnsShare", "whole", whole=True),
    predict("ReturnsTruth", "true"),
    predict("ReturnsList", "two"),
    predict("ReturnsList", "none", count=0),
    predict("ReturnsObject", "of all sorts"),
    *[
        predict("ReturnsAnything", kind, kind=kind)
        for kind in (
            "text", "number", "none", "list", "true", "empty", "set"
        )
    ],
    predict("ReturnsAnything", "large", differ.DECLARED_NUMBERS, kind="large"),
    predict("ReturnsAnything", "bytes", differ.MORE_JSON, kind="bytes"),
    predict("ReturnsAnything", "nan", differ.MORE_JSON, kind="nan"),
    predict("ReturnsAnything", "raises", kind="unknown"),
    predict("ReturnsNothing", "none"),
    predict("ReturnsModel", "default"),
    predict("ReturnsModel", "whole number for a share", score=1),
    predict("ReturnsPydantic", "default"),
    predict("ReturnsOther", "not as declared"),
    predict("ReturnsUnknown", "cannot be sent", differ.UNSENDABLE),
]  # fmt: skip
