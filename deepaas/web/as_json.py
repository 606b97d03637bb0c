"""Results and parts as one JSON value; what is not JSON becomes a data URL."""

from __future__ import annotations

import base64
from collections.abc import Generator
from pathlib import Path

import msgspec

from deepaas.messages import Answer, Part
from deepaas.web.document import Document, of_bytes, of_file

JSON = "application/json"


def is_json(news: Answer | Part) -> bool:
    """Whether it is a JSON value; a file is not, whatever it contains."""
    essence = news.media_type.partition(";")[0].strip()
    return not news.is_file and (essence == JSON or essence.endswith("+json"))


def as_json(news: Answer | Part) -> Document:
    """A result or a part as JSON; a file becomes a data URL (RFC 2397).

    The file is only needed until the document has been read; ``OSError`` if it cannot be read.
    """
    file = of_file(Path(news.path)) if news.path else of_bytes(news.body)
    return file if is_json(news) else _data_url(news.media_type, file)


def _data_url(media_type: str, file: Document) -> Document:
    essence = media_type.partition(";")[0].strip() or "application/octet-stream"
    head = b'"' + msgspec.json.encode(f"data:{essence};base64,")[1:-1]
    size_bytes = len(head) + (file.size_bytes + 2) // 3 * 4 + 1

    def pieces() -> Generator[bytes, None, None]:
        yield head
        left = b""
        for piece in file.pieces():
            content = left + piece
            whole = len(content) - len(content) % 3
            yield base64.b64encode(content[:whole])
            left = content[whole:]
        yield base64.b64encode(left) + b'"'

    return Document(size_bytes, pieces)
