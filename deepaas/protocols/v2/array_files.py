"""Results that are tensors as files, for clients that like these best; the worker makes them."""

from __future__ import annotations

from aiohttp import hdrs, web

from deepaas.messages import Signature
from deepaas.web.events import liked

CODECS = {"application/x-npy": "npy", "application/x-npz": "npz"}
"""By media type, the codecs of ``runtime.array_files``."""


def wanted_codec(request: web.Request, known: Signature | None) -> str:
    """The codec for the file that a client likes better than JSON, empty for none. A model that
    has media types of its own, or gives its result in parts, has none."""
    if "application/x-np" not in request.headers.get(hdrs.ACCEPT, ""):
        return ""
    if known is None or known.result.media_types or known.result.streams:
        return ""
    likes = liked(request)
    best = max(likes, key=lambda media_type: likes[media_type], default="")
    return CODECS.get(best, "") if likes.get(best) else ""


def offered(known: Signature) -> list[str]:
    """What a document tells of such files: of one tensor both, of several that with names."""
    tensors, properties = known.result.tensors, known.result.schema.get("properties", {})
    if known.result.media_types or known.result.streams or not tensors:
        return []
    if len(tensors) < len(properties):
        return []
    return [*CODECS] if len(tensors) == 1 else ["application/x-npz"]
