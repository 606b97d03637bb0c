"""Decodes images, audio and videos in base64 in a result."""

from __future__ import annotations

import base64
import binascii
import re
from pathlib import Path

_DATA_URL = re.compile(r"data:[\w.+-]+/[\w.+-]+(?:;[\w=.-]+)*;base64,")

_BEGINNINGS = (
    (b"\x89PNG\r\n\x1a\n", ".png", "image"),
    (b"\xff\xd8\xff", ".jpg", "image"),
    (b"GIF8", ".gif", "image"),
    (b"BM", ".bmp", "image"),
    (b"II*\0", ".tif", "image"),
    (b"MM\0*", ".tif", "image"),
    (b"<svg", ".svg", "image"),
    (b"ID3", ".mp3", "audio"),
    (b"\xff\xfb", ".mp3", "audio"),
    (b"\xff\xf3", ".mp3", "audio"),
    (b"fLaC", ".flac", "audio"),
    (b"OggS", ".ogg", "audio"),
    (b"\x1aE\xdf\xa3", ".webm", "video"),
)
_RIFF = {b"WAVE": (".wav", "audio"), b"WEBP": (".webp", "image"), b"AVI ": (".avi", "video")}


def decode(text: object) -> bytes | None:
    """Decode base64 or a data URL; None if it is neither."""
    if not isinstance(text, str) or len(text) < 8:
        return None
    head = _DATA_URL.match(text)
    try:
        return base64.b64decode(re.sub(r"\s", "", text[head.end() if head else 0 :]), validate=True)
    except (binascii.Error, ValueError):
        return None


def save(content: bytes, medium: str, folder: Path, name: str) -> Path | None:
    """Write a file for a component; None if the content is not of the medium: "image", "audio" or
    "video". ``name`` has no suffix."""
    suffix, found = kind(content)
    # Ogg, WebM and MP4 can be audio or video.
    if not found or (found == "image") != (medium == "image"):
        return None
    path = folder / f"{re.sub(r'[^A-Za-z0-9_-]', '_', name) or medium}{suffix}"
    path.write_bytes(content)
    return path


def kind(content: bytes) -> tuple[str, str]:
    """The suffix and the medium of a file by its first bytes; empty if they are unknown."""
    if content[:4] == b"RIFF":
        return _RIFF.get(content[8:12], ("", ""))
    if content[4:8] == b"ftyp":
        return (".m4a", "audio") if content[8:11] == b"M4A" else (".mp4", "video")
    for beginning, suffix, medium in _BEGINNINGS:
        if content.startswith(beginning):
            return suffix, medium
    return "", ""
