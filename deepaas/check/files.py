"""Checks arguments that are files, or are probably meant to be."""

from __future__ import annotations

import re

import marshmallow
from marshmallow import fields

from deepaas.check.session import Session
from deepaas.messages import RawRequest, Upload
from deepaas.runtime.arguments import Arguments, is_file

WORDS = ("image", "audio", "video", "file", "picture", "photo", "upload", "recording")
"""Words in the name of an argument that suggest a file."""

_FIX = 'metadata={"type": "file", "location": "form"}'


def check(session: Session, name: str, field: fields.Field, place: str) -> None:
    inner = field.inner if isinstance(field, fields.List) else field
    if is_file(field) or is_file(inner):
        _check_arrival(session, name, field, inner, place)
    elif type(inner) in (fields.Field, fields.Raw) and _seems_file(name, field, inner):
        kind = inner.metadata.get("type", field.metadata.get("type"))
        has = f"has type={kind!r}" if kind else 'has no type="file"'
        session.add(
            "file-without-type",
            place,
            f"the argument {name!r} {has}: clients cannot tell that it is a file",
            _FIX,
        )


def _seems_file(name: str, field: fields.Field, inner: fields.Field) -> bool:
    location = field.metadata.get("location")
    if location == "files":
        return True
    told = " ".join([name, str(field.metadata.get("description", ""))]).lower()
    if location == "form" or inner.metadata.get("type") or field.metadata.get("type"):
        return any(word in told for word in WORDS)
    return location is None and any(word in re.split(r"[\W_]+", name.lower()) for word in WORDS)


def _check_arrival(
    session: Session, name: str, field: fields.Field, inner: fields.Field, place: str
) -> None:
    """Send a file, and check whether it is accepted."""
    location = field.metadata.get("location")
    if location not in (None, "form", "files"):
        session.add(
            "file-never-arrives",
            place,
            f"the file {name!r} has the location {location!r}, but files are only sent in forms",
            _FIX,
        )
        return
    kind = type(inner)
    if kind in (fields.Field, fields.Raw) or not kind.__module__.startswith(
        ("marshmallow", "webargs")
    ):
        return  # The author's own class may require a real picture.
    path = session.spool / "probe.bin"
    path.write_bytes(b"probe")
    upload = Upload(str(path), "probe.bin", "application/octet-stream")
    try:
        Arguments({name: field}).load(RawRequest(form=[(field.data_key or name, upload)]))
    except marshmallow.ValidationError:
        session.add(
            "file-never-arrives",
            place,
            f"the file {name!r} is declared as {kind.__name__}, which rejects all files",
            f"fields.Raw({_FIX})",
        )
