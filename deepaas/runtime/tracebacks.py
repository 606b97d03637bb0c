"""Tracebacks with the author's frames, without those of what has called them."""

from __future__ import annotations

import importlib
import re
import traceback
from collections.abc import Iterator
from pathlib import Path

_PYTHON = Path(importlib.__file__).parents[1]
_IMPORTS = ("<frozen ", f"{_PYTHON}/importlib/")

_NOT_THE_AUTHORS = (
    *_IMPORTS,
    f"{Path(__file__).parents[1]}/",
    f"{_PYTHON}/asyncio/",
)

_OF_FIELDS = re.compile(r"/site-packages/(apispec|marshmallow|webargs)/")
"""Libraries that complain of what the author has declared."""


def authors_traceback(error: BaseException) -> str:
    """The traceback of an error in the author's code; the whole one where none of it is theirs."""
    told = traceback.TracebackException.from_exception(error)
    if any(map(has_authors_frame, _chain(error))):
        _trim(told, set())
    return "".join(told.format())


def has_authors_frame(error: BaseException) -> bool:
    """Whether the author's code has raised an error, or what it has called."""
    if isinstance(error, SyntaxError):
        return True
    stack = traceback.extract_tb(error.__traceback__)
    return any(
        not (frame.filename.startswith(_NOT_THE_AUTHORS) or _OF_FIELDS.search(frame.filename))
        for frame in stack
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An exception and what it was raised from, or during."""
    seen = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        yield following
        seen.add(id(following))
        following = following.__cause__ or following.__context__


def _trim(told: traceback.TracebackException, seen: set[int]) -> None:
    """Leave out what has called the author's code, and the machinery of imports, in causes too."""
    if id(told) in seen:
        return
    seen.add(id(told))
    frames = list(told.stack)
    while frames and frames[0].filename.startswith(_NOT_THE_AUTHORS):
        frames.pop(0)
    is_syntax = told.exc_type is not None and issubclass(told.exc_type, SyntaxError)
    if frames or is_syntax:
        told.stack = traceback.StackSummary.from_list(
            [frame for frame in frames if not frame.filename.startswith(_IMPORTS)]
        )
    for name in ("__cause__", "__context__"):
        other = getattr(told, name)
        if other is not None:
            _trim(other, seen)
            if all(frame.filename.startswith(_NOT_THE_AUTHORS) for frame in other.stack):
                setattr(told, name, None)
