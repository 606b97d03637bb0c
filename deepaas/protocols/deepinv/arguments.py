"""Converts the tensor and the metadata of a request to arguments of the model."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import msgspec

from deepaas.messages import Tensor, Values
from deepaas.protocols.deepinv import envelope
from deepaas.protocols.deepinv.asked import FILE, IMAGE, TEXT, CallOutline
from deepaas.protocols.deepinv.data_urls import SCHEME, tensor_of
from deepaas.tensors.byte_elements import framed
from deepaas.tensors.dtypes import BYTES
from deepaas.tensors.torch_writer import pieces


def values_of(body: memoryview, outline: CallOutline) -> Values:
    """Arguments by name. Raises ``ValueError``, with a message for the client."""
    given = envelope.given(body, outline)
    values = Values()
    with _about(f"file (argument '{outline.tensor}')"):
        tensor = tensor_of(_text(given.file))
        values.tensors.append((outline.tensor, _for_kind(outline.kind, tensor)))
    for name, value in given.metadata.items():
        kind = outline.others[name]
        with _about(f"metadata '{name}'"):
            if kind != TEXT and _is_url(value):
                values.tensors.append((name, _for_kind(kind, tensor_of(_text(value)))))
            else:
                values.given[name] = envelope.json_value(value)
    return values


def _is_url(value: memoryview) -> bool:
    return bytes(value[: len(SCHEME) + 1]) == b'"' + SCHEME


def _text(value: memoryview) -> memoryview:
    """The content of a JSON string, which is not copied if there are no escapes in its beginning:
    whoever escapes a slash escapes that of the media type."""
    if bytes(value[:1]) != b'"':
        raise ValueError("expected a data URL, as deepinv.models.Client.serialize makes them")
    if b"\\" in bytes(value[:64]):
        return memoryview(msgspec.json.decode(value, type=str).encode())
    return value[1:-1]


def _for_kind(kind: str, tensor: Tensor) -> Tensor:
    """A tensor; for file arguments, the content of a file: a PNG, or the file of ``torch.save``."""
    if kind == IMAGE:
        from deepaas.tensors.pictures import png_of  # Needs NumPy.

        return Tensor(BYTES, [1], framed(png_of(tensor)))
    if kind == FILE:
        return Tensor(BYTES, [1], framed(b"".join(pieces(tensor))))
    return tensor


@contextlib.contextmanager
def _about(what: str) -> Iterator[None]:
    """Prefixes errors with the part of the request."""
    try:
        yield
    except (ValueError, msgspec.MsgspecError) as error:
        raise ValueError(f"{what}: {error}") from None
