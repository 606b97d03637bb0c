"""Files of Python as they are found: also such as nobody can read to their end."""

from __future__ import annotations

import ast
from pathlib import Path

MAX_BYTES = 4 * 2**20
"""Code that people write is shorter by far; what a program has written may have any length."""


def source(file: Path) -> bytes:
    """What is in a file. Raises ``OSError`` if it is too long, or no file but a pipe or a device,
    of which there may be no end."""
    if not file.is_file():
        raise OSError(f"{file} is no file")
    with file.open("rb") as opened:
        content = opened.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise OSError(f"{file} is longer than {MAX_BYTES} bytes")
    return content


def tree(code: str | bytes, name: str = "<unknown>") -> ast.Module:
    """The code in parts. Raises ``SyntaxError`` also for what is nested too deeply, or has NUL."""
    try:
        return ast.parse(code, name)
    except (ValueError, RecursionError, MemoryError) as error:
        raise SyntaxError(str(error) or "nested too deeply") from None
