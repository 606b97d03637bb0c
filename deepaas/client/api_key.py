"""The key of a client: where it comes from, if the program does not pass one."""

from __future__ import annotations

import os
from pathlib import Path

from deepaas.client.errors import ClientError

VARIABLE = "DEEPAAS_API_KEY"
FILE_VARIABLE = "DEEPAAS_API_KEY_FILE"


def own_key() -> str:
    """Return the key in the environment, or in the file that it names; empty without one."""
    if key := os.environ.get(VARIABLE, "").strip():
        return key
    file = os.environ.get(FILE_VARIABLE, "")
    return read_key(file) if file else ""


def read_key(file: str) -> str:
    """Return the key in a file. Raises ClientError."""
    try:
        return Path(file).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise ClientError(f"could not read the API key from {file!r}: {reason}") from None


def headers_with(key: str) -> dict[str, str]:
    """Return the headers that send a key, if there is one. Raises ClientError."""
    if not key:
        return {}
    if not key.isascii() or not key.isprintable():
        raise ClientError("the API key is not valid: it must be one line of ASCII text")
    # aiohttp does not send it to another host that a redirect leads to.
    return {"Authorization": f"Bearer {key}"}
