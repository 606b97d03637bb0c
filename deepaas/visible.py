"""Texts of others on a terminal or in a log: what they are made of is seen, and does nothing."""

from __future__ import annotations

import re

_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Characters that move the cursor, end a line, turn the text around or are none."""


def visible(text: str) -> str:
    """The text, with ``\\\\x1b`` and the like for what is no character to be read; lines stay."""
    return _UNSAFE.sub(_escaped, text) if _UNSAFE.search(text) else text


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()
