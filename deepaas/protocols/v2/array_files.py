"""Tensor results as files, for clients that prefer these; the worker encodes them."""

from __future__ import annotations

from aiohttp import hdrs, web

from deepaas.messages import Signature
from deepaas.tensors.file_types import CODECS
from deepaas.web.events import liked


def wanted_codec(request: web.Request, known: Signature | None) -> str:
    """The codec for the file format that a client prefers to JSON, empty for none. Models with
    their own media types, or that stream, have none."""
    if "application/x-np" not in request.headers.get(hdrs.ACCEPT, ""):
        return ""
    if known is None or known.result.media_types or known.result.streams:
        return ""
    likes = liked(request)
    best = max(likes, key=lambda media_type: likes[media_type], default="")
    return CODECS.get(best, "") if likes.get(best) else ""
