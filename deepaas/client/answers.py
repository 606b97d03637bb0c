"""Responses of a host: read into memory up to a limit, or into a file."""

from __future__ import annotations

import asyncio
import json
import mimetypes
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from deepaas.client.description import JSON, NPY, NPZ
from deepaas.client.errors import HostError
from deepaas.client.paths import writing

CHUNK_BYTES = 256 * 1024
MAX_DOCUMENT_BYTES = 64 * 2**20
MAX_ANSWER_BYTES = 512 * 2**20
"""Limit for responses in memory; files have none."""

_EXTENSIONS = {
    "audio/mpeg": ".mp3",
    "audio/wav": ".wav",
    "audio/x-wav": ".wav",
    "application/gzip": ".gz",
    NPY: ".npy",
    NPZ: ".npz",
    "text/csv": ".csv",
    "text/html": ".html",
    "text/plain": ".txt",
}


@dataclass(frozen=True)
class HostAnswer:
    """A response: ``body``, or the file ``path``; ``media_type`` is without parameters."""

    status: int
    media_type: str
    body: bytes = b""
    path: Path | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> Any:
        return json.loads(self.body)


async def read_all(response: aiohttp.ClientResponse, limit_bytes: int) -> bytes:
    """The body of a response; HostError if it is larger than the limit."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > limit_bytes:
            raise HostError(
                f"the response is larger than {limit_bytes // 2**20} MiB: write it to a file",
                response.status,
            )
    return bytes(body)


async def write_all(response: aiohttp.ClientResponse, path: Path) -> None:
    """Write the body of a response to a file; ClientError if that fails."""
    with writing("the response"):
        file = path.open("wb")
    try:
        async for chunk in response.content.iter_chunked(CHUNK_BYTES):
            with writing("the response"):
                await asyncio.to_thread(file.write, chunk)
        with writing("the response"):
            file.flush()
    finally:
        with suppress(OSError):
            file.close()


def is_json(media_type: str) -> bool:
    return media_type == JSON or media_type.endswith("+json")


def is_text(media_type: str) -> bool:
    """Whether a response of this type is JSON or other text."""
    return is_json(media_type) or media_type.startswith("text/")


def file_name(response: aiohttp.ClientResponse) -> str:
    """The file name from the host, made safe."""
    disposition = response.content_disposition
    given = (disposition.filename if disposition else None) or ""
    given = re.sub(r"[^\w.\- ()]", "_", Path(given).name).lstrip(".")[-100:]
    return given or f"answer{extension(response.content_type)}"


def extension(media_type: str) -> str:
    """The suffix for files of this type, with the dot."""
    return _EXTENSIONS.get(media_type) or mimetypes.guess_extension(media_type) or ".bin"
