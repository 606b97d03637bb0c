"""Files as arguments of ``predict`` and ``train``, and as results of ``predict``."""

from __future__ import annotations

from typing import NamedTuple


class UploadedFile(NamedTuple):
    """A file that a client sent for an argument.

    Attributes:
        name: the argument's name.
        filename: path of the file on this machine; it is deleted after the response.
        content_type: media type sent by the client.
        original_filename: the client's name for it, reduced to a safe base name.
    """

    name: str | None = None
    filename: str | None = None
    content_type: str | None = None
    original_filename: str | None = None


class ReturnedFile(NamedTuple):
    """A file that ``predict`` returns by path instead of as an open file.

    Attributes:
        name: the argument's name, unused.
        filename: path of the file on this machine.
        content_type: unused, ``accept`` decides.
        original_filename: unused.
    """

    name: str | None = None
    filename: str | None = None
    content_type: str | None = None
    original_filename: str | None = None
