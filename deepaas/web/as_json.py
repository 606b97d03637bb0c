"""What a model has answered or yielded as one JSON value; what is none becomes a data URL."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import msgspec

from deepaas.messages import Answer, Part
from deepaas.web.document import Document, of_bytes, of_file

JSON = "application/json"


def is_json(media_type: str) -> bool:
    """Whether it is JSON, or a kind of it."""
    essence = media_type.partition(";")[0].strip()
    return essence == JSON or essence.endswith("+json")


def as_json(news: Answer | Part, *, is_file: bool = False) -> Document:
    """JSON of what a model has answered or yielded; a file becomes a data URL (RFC 2397).

    The file that it names is not needed any more when the document has been read.

    Args:
        news: of the model.
        is_file: whether it is a file even if it is JSON.

    Raises:
        OSError: it cannot be read.
    """
    file = of_file(Path(news.path)) if news.path else of_bytes(news.body)
    return file if is_json(news.media_type) and not is_file else _data_url(news.media_type, file)


def _data_url(media_type: str, file: Document) -> Document:
    essence = media_type.partition(";")[0].strip() or "application/octet-stream"
    head = b'"' + msgspec.json.encode(f"data:{essence};base64,")[1:-1]
    size_bytes = len(head) + (file.size_bytes + 2) // 3 * 4 + 1

    def pieces() -> Iterator[bytes]:
        yield head
        left = b""
        for piece in file.pieces():
            content = left + piece
            whole = len(content) - len(content) % 3
            yield base64.b64encode(content[:whole])
            left = content[whole:]
        yield base64.b64encode(left) + b'"'

    return Document(size_bytes, pieces)
