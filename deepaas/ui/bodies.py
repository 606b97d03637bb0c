"""Validates requests to the functions of a page before Gradio gets them.

Gradio would open any file of this machine and fetch any URL given for a file. For malformed
requests it would return 500 with a traceback.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import msgspec

from deepaas.ui.files import UnknownFile, VisitorFiles

MAX_DEPTH = 64
MAX_VALUES_COUNT = 100_000
"""Maximum number of values in one call, including nested ones: each takes time."""

MAX_CHOICES_COUNT = 1_000
"""Maximum number of values in an input that is not JSON, such as files or choices."""

MAX_NAME_CHARACTERS = 255

_FILES = frozenset(("file", "image", "audio", "video"))
_META = {"_type": "gradio.FileData"}
_SESSION = re.compile(r"[A-Za-z0-9_-]{1,64}")


class UnfitBody(Exception):
    """The request is invalid; the message is for its sender."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


class PageJob(msgspec.Struct):
    data: list[Any]
    session_hash: str | None = None
    fn_index: int | None = None
    trigger_id: int | None = None
    event_data: Any = None


class CancelJob(msgspec.Struct):
    """A request to cancel a call."""

    session_hash: str
    fn_index: int
    event_id: str


@dataclass(frozen=True)
class Function:
    """A function of a page: its number, and the kinds of its input components."""

    number: int
    name: str | None
    inputs: tuple[str, ...]


class Functions:
    """The functions of a page."""

    def __init__(self, config: Mapping[str, Any], files: VisitorFiles) -> None:
        kinds = {one["id"]: one["type"] for one in config["components"]}
        self._files = files
        self._functions = [
            Function(one["id"], one["api_name"] or None, tuple(kinds[i] for i in one["inputs"]))
            for one in config["dependencies"]
            if one["backend_fn"]  # Others are for browsers.
        ]

    def call(self, body: bytes, name: str | None) -> bytes:
        """Return the body of a call for Gradio: with paths instead of names, and nothing else.

        ``name`` is the name of the function, if it is in the path.

        Raises:
            UnfitBody: it is invalid.
        """
        job = decode(body, PageJob)
        for _ in _walk(job.data):
            pass  # Check the depth.
        function = self._find(job, name)
        given = self._complete(function, job.data)
        values = [self._value(kind, one) for kind, one in zip(function.inputs, given, strict=True)]
        known = {
            "data": values,
            "fn_index": function.number,
            "session_hash": job.session_hash,
            "trigger_id": job.trigger_id,
            "event_data": _event(job.event_data),
        }
        sent = {key: value for key, value in known.items() if value is not None}
        return json.dumps(sent).encode()

    def _find(self, job: PageJob, name: str | None) -> Function:
        for function in self._functions:
            if job.fn_index is None and name is not None and function.name == name:
                return function
            if job.fn_index is not None and function.number == job.fn_index:
                return function
        raise UnfitBody("The page has no such function.", 404)

    def _complete(self, function: Function, data: list[Any]) -> list[Any]:
        count, stateless = len(function.inputs), [k for k in function.inputs if k != "state"]
        if len(data) == count:
            return data
        if len(data) == len(stateless):
            values = iter(data)
            return [None if kind == "state" else next(values) for kind in function.inputs]
        raise UnfitBody(f"The function takes {count} values, not {len(data)}.", 422)

    def _value(self, kind: str, value: Any) -> Any:
        if kind == "state":
            return None  # Clients cannot set the state of the page.
        if kind in _FILES:
            if isinstance(value, list):
                _refuse_many(value)
                return [self._file(one) for one in value]
            return None if value is None else self._file(value)
        if kind == "code" and isinstance(value, dict | list):
            return json.dumps(value)  # As text, because Gradio would look for files in it.
        _refuse_many(_walk(value))
        if kind == "dataset" and (
            not isinstance(value, int) or isinstance(value, bool) or value < 0
        ):
            raise UnfitBody("An example must be given by its number.", 422)
        _refuse_files(value)
        return value

    def _file(self, value: Any) -> dict[str, Any]:
        path = value.get("path") if isinstance(value, dict) else None
        if not isinstance(path, str):
            raise UnfitBody("A file must be the path of an upload to this page.", 422)
        try:
            found = self._files.path(path)
        except UnknownFile:
            raise UnfitBody("File not found. It may have expired: upload it again.", 422) from None
        name = value.get("orig_name")
        if not isinstance(name, str) or not name.isprintable():
            name = found.name
        name = PurePosixPath(name).name[-MAX_NAME_CHARACTERS:]
        return {"path": str(found), "orig_name": name, "meta": _META}


def decode(body: bytes, kind: Any) -> Any:
    """Decode JSON of the given kind. Raises ``UnfitBody``."""
    if _values_count(body) > MAX_VALUES_COUNT:
        raise UnfitBody(f"A call has at most {MAX_VALUES_COUNT} values.", 413)
    try:
        found = msgspec.json.decode(body, type=kind)
        session = getattr(found, "session_hash", None)
    except msgspec.ValidationError:
        raise UnfitBody("The body does not match the format of this page.", 422) from None
    except (msgspec.DecodeError, RecursionError, ValueError):
        raise UnfitBody("The body is not valid JSON.") from None
    if session is not None and not session_fits(session):
        raise UnfitBody("session_hash must be at most 64 letters, digits, - and _.", 422)
    return found


def _values_count(body: bytes) -> int:
    """Estimate the number of values in JSON without decoding it."""
    if b"\\" in body:
        body = body.replace(rb"\\", b"").replace(rb"\"", b"")
    quotes_count = body.count(b'"')
    if quotes_count > 4 * MAX_VALUES_COUNT:  # Names have quotes too.
        return quotes_count
    outside = b"".join(body.split(b'"')[::2])
    return outside.count(b",") + outside.count(b"[") + outside.count(b"{")


def session_fits(session: str) -> bool:
    return _SESSION.fullmatch(session) is not None


def _event(data: Any) -> dict[str, Any]:
    """Return the data of an event, or nothing if it contains files, as change events do."""
    _refuse_many(_walk(data))
    if not isinstance(data, dict) or any(
        isinstance(one, dict) and "path" in one for one in _walk(data)
    ):
        return {}
    return data


def _refuse_many(values: Iterable[Any]) -> None:
    """Reject more values than any input of the page has that is not JSON."""
    if sum(1 for _ in values) > MAX_CHOICES_COUNT:
        raise UnfitBody(f"An input has more than {MAX_CHOICES_COUNT} values.", 413)


def _refuse_files(value: Any) -> None:
    if any(isinstance(one, dict) and "meta" in one and "path" in one for one in _walk(value)):
        raise UnfitBody("An input that is not a file contains a file.", 422)


def _walk(value: Any) -> Iterator[Any]:
    left = [(value, 0)]
    while left:
        one, depth = left.pop()
        if depth > MAX_DEPTH:
            raise UnfitBody("The values are nested too deeply.", 422)
        yield one
        inner = one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
        left.extend((each, depth + 1) for each in inner)
