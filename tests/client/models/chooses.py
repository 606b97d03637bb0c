"""A DEEPaaS package that yields, and offers a choice of media types."""

from collections.abc import Iterator
from typing import Any

from webargs import fields, validate


def get_predict_args() -> dict[str, fields.Field]:
    offered = ["application/json", "image/png"]
    return {"accept": fields.Str(load_default=offered[0], validate=validate.OneOf(offered))}


def predict(accept: str) -> Iterator[Any]:
    for number in range(2):
        yield b"png %d" % number if accept == "image/png" else {"number": number}
