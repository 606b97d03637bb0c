"""Signs short texts that come back: sessions in cookies, and whom the try-me page acts for."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from typing import Any

import msgspec

MAX_CHARACTERS = 8 * 1024


class Signer:
    """``purpose``: what is signed for one is not accepted for another."""

    def __init__(self, secret: bytes, purpose: str) -> None:
        self._key = hmac.new(secret, purpose.encode(), hashlib.sha256).digest()

    def sign(self, content: Any, seconds: float) -> str:
        """Return a token, which is valid for so many seconds and can stand in a header."""
        body = _text(msgspec.json.encode([time.time() + seconds, content]))
        return f"{body}.{_text(self._mac(body))}"

    def read(self, token: str) -> Any:
        """Return what has been signed; None if it was not signed here, or is too old."""
        body, _, mac = token.partition(".")
        if len(token) > MAX_CHARACTERS or not token.isascii():
            return None
        if not hmac.compare_digest(_text(self._mac(body)), mac):
            return None
        ends, content = msgspec.json.decode(_bytes(body))
        return content if time.time() < ends else None

    def _mac(self, body: str) -> bytes:
        return hmac.new(self._key, body.encode(), hashlib.sha256).digest()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
