"""What becomes of a large input: it lies in files, and only its outline is in the host's memory."""

from __future__ import annotations

from typing import Any

import msgspec

from deepaas.messages import Values

Json = dict[str, Any]

NO_SPACE_STATUS = 507
"""Of an outline, when what was found cannot be written."""


class InputFace(msgspec.Struct, frozen=True):
    """What is needed to know of a function to look at its inputs; the schema is JSON."""

    schema: bytes
    files: list[str]


class Task(msgspec.Struct):
    """A body to take apart: the file is removed, and what becomes of it goes to the folder.

    ``face`` is None if nobody takes it at present.
    """

    path: str
    folder: str
    face: InputFace | None


class Large(msgspec.Struct):
    """What was found in an input.

    Attributes:
        bad_file: why one of its files cannot be had, empty if none was found wrong so far.
        values: files that are still to be fetched have no path yet.
        urls: of these files, by their numbers among the files.
        shown: path of the input as it may be shown and kept.
    """

    faults: list[Json] = []
    bad_file: str = ""
    values: Values = msgspec.field(default_factory=Values)
    urls: dict[int, str] = {}
    shown: str = ""


class Outline(msgspec.Struct):
    """What was found in a body; the attributes but the last two are those of a ``Request``.

    Attributes:
        refused: the status of the answer, if it is not as it should be.
        large: None without a face.
    """

    id: str | None = None
    webhook: str | None = None
    webhook_events_filter: list[str] | None = None
    context: dict[str, str] | None = None
    refused: int = 0
    said: str = ""
    large: Large | None = None
