"""Files of NumPy's as which a result may be had: their media types, and who may have them."""

from __future__ import annotations

from deepaas.messages import Signature

CODECS = {"application/x-npy": "npy", "application/x-npz": "npz"}
"""By media type, the codecs of ``runtime.array_files``."""


def offered(known: Signature) -> list[str]:
    """What can be told before: of one tensor both, of several that with names. A model that has
    media types of its own, or gives its result in parts, has none."""
    tensors, properties = known.result.tensors, known.result.schema.get("properties", {})
    if known.result.media_types or known.result.streams or not tensors:
        return []
    if len(tensors) < len(properties):
        return []
    return [*CODECS] if len(tensors) == 1 else ["application/x-npz"]
