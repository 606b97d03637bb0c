"""Media types of NumPy files for results, and which results can have them."""

from __future__ import annotations

from deepaas.messages import Signature

CODECS = {"application/x-npy": "npy", "application/x-npz": "npz"}
"""The codecs of ``runtime.array_files`` by media type."""


def offered(known: Signature) -> list[str]:
    """The media types for a declared result: both for one tensor, and ``.npz`` for several. Models
    with their own media types, or that stream, have none."""
    tensors, properties = known.result.tensors, known.result.schema.get("properties", {})
    if known.result.media_types or known.result.streams or not tensors:
        return []
    if len(tensors) < len(properties):
        return []
    return [*CODECS] if len(tensors) == 1 else ["application/x-npz"]
