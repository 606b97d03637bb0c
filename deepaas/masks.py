"""Removes the host's own paths from texts, so that clients do not learn where its files are.

Exceptions of models and of the system often contain the path of a file in the host's temporary
folder or state directory. Clients get the name of the file instead; the rest of the text is kept.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

WITHOUT_NAME = "(a folder of the host)"

_REST = r"""(?:/[^\s'"<>|,;:()\[\]{}`\\]*)*"""

_NO_NAMES: Mapping[str, str] = {}


class Masks:
    """Removes paths below some folders from texts."""

    def __init__(self, folders: Collection[Path]) -> None:
        names = {str(path) for one in folders for path in (one.absolute(), one.resolve())}
        # The longest first: one may contain another.
        alternatives = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
        self._folders = tuple(names)
        self._paths = (
            re.compile(f"(?<![\\w.-])(?:{alternatives})(?![\\w-])(?!\\.\\w){_REST}")
            if names
            else None
        )

    def text(self, text: str, names: Mapping[str, str] = _NO_NAMES) -> str:
        """The text with these paths replaced by ``names``, or else by the names of the files."""
        if self._paths is None or not any(folder in text for folder in self._folders):
            return text

        def name(found: re.Match[str]) -> str:
            path = found[0]
            end = path[len(path.rstrip(".")) :]  # Of the sentence.
            path = path.rstrip(".")
            if path.rstrip("/") in self._folders:
                return WITHOUT_NAME + end
            return names.get(path, path.rstrip("/").rpartition("/")[2]) + end

        return self._paths.sub(name, text)

    def value(self, value: Any, names: Mapping[str, str] = _NO_NAMES) -> Any:
        if isinstance(value, str):
            return self.text(value, names)
        if isinstance(value, Mapping):
            return {self.text(key, names): self.value(one, names) for key, one in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(one, names) for one in value]
        return value


NOTHING_MASKED = Masks([])
