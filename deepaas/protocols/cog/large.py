"""Large inputs: they are stored in files, and only an outline is in the host's memory."""

from __future__ import annotations

from typing import Any

import msgspec

from deepaas.messages import Values

Json = dict[str, Any]

NO_SPACE_STATUS = 507
"""Of an outline, if the disk is full."""


class InputFace(msgspec.Struct, frozen=True):
    """What the helper must know about a function to read its inputs; the schema is JSON."""

    schema: bytes
    files: list[str]


class Task(msgspec.Struct):
    """A body to parse: its file is removed, and the results are written to the folder.

    ``face`` is None if no function accepts it at the moment.
    """

    path: str
    folder: str
    face: InputFace | None


class Large(msgspec.Struct):
    """The content of an input.

    Attributes:
        bad_file: why one of its files is not valid, or empty.
        values: files that have not been fetched have no path.
        urls: of these files, by their position among the files.
        shown: path of the input without secrets, to be shown and stored.
    """

    faults: list[Json] = []
    bad_file: str = ""
    values: Values = msgspec.field(default_factory=Values)
    urls: dict[int, str] = {}
    shown: str = ""


class Outline(msgspec.Struct):
    """The content of a body; the first attributes are those of ``Request``.

    Attributes:
        refused: the status of the response, if the body is not valid.
        large: None without a face.
    """

    id: str | None = None
    webhook: str | None = None
    webhook_events_filter: list[str] | None = None
    context: dict[str, str] | None = None
    refused: int = 0
    said: str = ""
    large: Large | None = None
