"""Records the line where each field was created, for the findings."""

from __future__ import annotations

import functools
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import marshmallow
import webargs
from marshmallow import fields

from deepaas.check.places import NOTED

_LIBRARIES = tuple(str(Path(str(module.__file__)).parent) for module in (marshmallow, webargs))


class RequiredWithDefault(ValueError):
    """A field is required and has a default, which marshmallow rejects."""


def note_fields() -> None:
    """Record where fields are created from now on. Call it before importing the author's code."""
    original = fields.Field.__init__

    @functools.wraps(original)
    def noting(self: fields.Field, *args: Any, **kwargs: Any) -> None:
        try:
            original(self, *args, **kwargs)
        except ValueError as error:
            if kwargs.get("required") and {"load_default", "missing"} & kwargs.keys():
                raise RequiredWithDefault(*error.args) from error
            raise
        frame = _maker(self, sys._getframe(1))
        if frame is not None:
            setattr(self, NOTED, (frame.f_code.co_filename, frame.f_lineno))

    setattr(fields.Field, "__init__", noting)  # noqa: B010 - mypy rejects the plain assignment.


def _maker(field: Any, frame: FrameType | None) -> FrameType | None:
    """Return the first frame outside the libraries and the field's own constructors."""
    while frame is not None:
        code = frame.f_code
        constructor = code.co_name in ("__init__", "noting") and frame.f_locals.get("self") is field
        if not constructor and not code.co_filename.startswith(_LIBRARIES):
            return frame
        frame = frame.f_back
    return None
