"""Formats locations in files for users and editors: ``file:line``."""

from __future__ import annotations

from pathlib import Path


def shown(file: str | Path | None, line: int | None = None) -> str:
    """Format ``file:line``, relative to the working directory if possible."""
    if not file:
        return ""
    path = Path(file)
    try:
        text = str(path.resolve().relative_to(Path.cwd()))
    except (ValueError, OSError):
        text = str(path)
    return f"{text}:{line}" if line else text


def line_of(file: Path, *words: str) -> str:
    """Return the location of the first line with all the words, or only the file."""
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return shown(file)
    for number, line in enumerate(lines, 1):
        if all(word in line for word in words):
            return shown(file, number)
    return shown(file)
