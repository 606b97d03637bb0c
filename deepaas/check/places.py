"""Finds lines in the author's code."""

from __future__ import annotations

import inspect
import re
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deepaas.author_files.lines import line_of as line_of  # For kinds of third parties.
from deepaas.author_files.lines import shown

NOTED = "_deepaas_check_place"
"""Attribute of a field: file and line where it was created."""


class SourcePlaces:
    def __init__(self, roots: Sequence[Path]) -> None:
        self.roots = [root.resolve() for root in roots]

    def add(self, root: Path) -> None:
        if root.resolve() not in self.roots:
            self.roots.append(root.resolve())

    def is_author(self, file: str) -> bool:
        """Whether a file is the author's, and not a library in a subfolder."""
        path = Path(file).resolve()
        return any(
            path == root
            or (root in path.parents and "site-packages" not in path.relative_to(root).parts)
            for root in self.roots
        )

    def of_function(self, function: Any) -> str:
        try:
            found = inspect.unwrap(function)
            if inspect.isclass(found):
                return shown(inspect.getsourcefile(found), inspect.getsourcelines(found)[1])
            found = getattr(found, "__func__", found)
            if not hasattr(found, "__code__"):
                found = type(found).__call__
            return shown(found.__code__.co_filename, _def_line(found))
        except (TypeError, OSError, AttributeError, ValueError):
            return ""

    def of_name(self, author: Any, name: str) -> str:
        """Return the line where a value is assigned to this name, or only the file."""
        module = author if inspect.ismodule(author) else inspect.getmodule(type(author))
        file = getattr(module, "__file__", None)
        if not file:
            return ""
        lines = Path(file).read_text(encoding="utf-8", errors="replace").splitlines()
        for number, line in enumerate(lines, 1):
            if re.match(rf"\s*{re.escape(name)}\s*[:=]", line):
                return shown(file, number)
        return shown(file)

    def of_field(self, field: Any) -> str:
        noted = getattr(field, NOTED, None)
        return shown(*noted) if noted else ""

    def of_error(self, error: BaseException) -> str:
        """Return the author's last line in a traceback; empty if there is none."""
        if isinstance(error, SyntaxError) and error.filename and error.lineno:
            return shown(error.filename, error.lineno)
        at = ""
        for frame, line in traceback.walk_tb(error.__traceback__):
            if self.is_author(frame.f_code.co_filename):
                at = shown(frame.f_code.co_filename, line)
        return at


def _def_line(function: Any) -> int:
    """Return the line of ``def``; the code starts with the first decorator."""
    lines, first = inspect.getsourcelines(function)
    for number, line in enumerate(lines):
        if line.lstrip().startswith(("def ", "async def ")):
            return first + number
    return int(function.__code__.co_firstlineno)
