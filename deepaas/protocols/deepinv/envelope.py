"""Parses the body of a request: ``{"input": {"file": …, "metadata": {…}}}``.

Values stay as they are in the body, because they can be long. Names that the model does not know
end the parsing, however many there are.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from deepaas.near_names import did_you_mean
from deepaas.protocols.deepinv.asked import CallOutline

MAX_NUMBERS_COUNT = 10_000
"""How many NaN and Infinity are accepted outside of tensors."""

MAX_TOKENS_COUNT = 1_000_000
"""How many quotes and escapes are passed over, looking for them."""

MAX_NAME_CHARACTERS = 50

_NO_NUMBER = rb"-?(?:NaN|Infinity)"
_TOKEN = re.compile(rb'"|\\.|' + _NO_NUMBER, re.DOTALL)
_POSITION = re.compile(r"\(byte (\d+)\)")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)` - at `\$\.input(\.metadata)?`", re.S)


class GivenValues(msgspec.Struct):
    """The values of a request, as JSON; those of arguments by name."""

    file: memoryview
    metadata: dict[str, memoryview]


def given(body: memoryview, outline: CallOutline) -> GivenValues:
    """The values of a request.

    Raises:
        ValueError: it does not follow the protocol; the message is for the client.
    """
    decoder, names = _decoder(frozenset(outline.others))
    try:
        request = _request(decoder, body)
    except msgspec.ValidationError as error:
        raise _fault(str(error), outline) from None
    except msgspec.DecodeError as error:
        raise ValueError(f"the request is not valid JSON: {error}") from None
    told = request.input.metadata
    values = {name: memoryview(getattr(told, field)) for field, name in names} if told else {}
    file = memoryview(request.input.file)
    return GivenValues(file, {name: value for name, value in values.items() if value.nbytes})


def json_value(value: memoryview) -> Any:
    """A value, with NaN and infinities as Python's ``json`` writes them; ``ValueError``."""
    content = bytes(value)
    try:
        return msgspec.json.decode(content)
    except msgspec.DecodeError as error:
        if not re.search(_NO_NUMBER, content):
            raise ValueError(f"invalid JSON: {error}") from None
    try:
        return json.loads(content)
    except ValueError:
        raise ValueError("invalid JSON") from None


@functools.lru_cache(maxsize=8)
def _decoder(
    names: frozenset[str],
) -> tuple[msgspec.json.Decoder[Any], tuple[tuple[str, str], ...]]:
    """A decoder for the arguments of a model, and the attributes in which it puts them."""
    fields = [(f"_{number}", name) for number, name in enumerate(sorted(names))]
    metadata = msgspec.defstruct(
        "Metadata",
        [(field, msgspec.Raw, msgspec.field(default=msgspec.Raw(), name=n)) for field, n in fields],
        forbid_unknown_fields=True,
    )
    call = msgspec.defstruct(
        "Input",
        [("file", msgspec.Raw), ("metadata", metadata | None, None)],
        forbid_unknown_fields=True,
    )
    return msgspec.json.Decoder(msgspec.defstruct("Request", [("input", call)])), tuple(fields)


def _request(decoder: msgspec.json.Decoder[Any], body: memoryview) -> Any:
    try:
        return decoder.decode(body)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError as error:
        if body.readonly:
            body = memoryview(bytearray(body))
        replaced = list(_replaced(body, error))
        if not replaced:
            raise
    # The values are views of the body: what was there comes back.
    request = decoder.decode(body)
    for begin, text in replaced:
        body[begin : begin + len(text)] = text
    return request


def _replaced(body: memoryview, error: msgspec.DecodeError) -> Iterator[tuple[int, bytes]]:
    """Replace each NaN and infinity by JSON of the same length; yields where, and what was there.

    The client sends them as Python's ``json`` writes them, which others refuse.
    """
    told = _POSITION.search(str(error))
    begin = max(0, int(told[1]) - 1) if told else body.nbytes
    if not re.match(rb".?" + _NO_NUMBER, bytes(body[begin : begin + 20]), re.DOTALL):
        return
    count = 0
    is_text = False
    for number, token in enumerate(_TOKEN.finditer(body, begin)):
        if number >= MAX_TOKENS_COUNT or count >= MAX_NUMBERS_COUNT:
            raise ValueError("there are too many NaN or Infinity in it: send a tensor")
        text = token[0]
        if text == b'"':
            is_text = not is_text
        elif not is_text and not text.startswith(b"\\"):
            count += 1
            body[token.start() : token.end()] = b"{" + b" " * (len(text) - 2) + b"}"
            yield token.start(), text


def _fault(message: str, outline: CallOutline) -> ValueError:
    unknown = _UNKNOWN.fullmatch(message)
    if unknown is None:
        return ValueError(f"the request does not follow the protocol: {message[:300]}")
    name, in_metadata = unknown.groups()
    shown = name if len(name) <= MAX_NAME_CHARACTERS else f"{name[:MAX_NAME_CHARACTERS]}..."
    if not in_metadata:
        return ValueError(
            f"input: unknown member '{shown}': it has 'file', and 'metadata' for the arguments"
        )
    known = f"Its arguments: {', '.join(outline.others)}" if outline.others else "It has no others"
    if name == outline.tensor:
        return ValueError(f"metadata: '{shown}' is the tensor of the call, 'file'. {known}")
    near = did_you_mean(name[:MAX_NAME_CHARACTERS], outline.others) or "."
    return ValueError(f"metadata: model '{outline.name}' has no argument '{shown}'{near} {known}")
