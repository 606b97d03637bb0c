"""Parses large request bodies in a separate process (``python -m`` this module).

Decoding and validating megabytes of JSON takes seconds, which would block the host, and many times
their size in memory. Paths of bodies arrive as frames on standard input, one after the other; the
results go to standard output.
"""

from __future__ import annotations

import resource
import struct
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import msgspec

from deepaas.fetching.fetcher import NotFetched
from deepaas.messages import INLINE_BYTES, NO_SPACE, Upload, Values
from deepaas.protocols.cog.answers import Refusal
from deepaas.protocols.cog.checking import Checker
from deepaas.protocols.cog.files import DATA_URL, NOT_A_URL, saved
from deepaas.protocols.cog.large import NO_SPACE_STATUS, InputFace, Json, Large, Outline, Task
from deepaas.protocols.cog.requests import Request, decoded
from deepaas.web.secret_values import has_secrets, without_secrets

LENGTH = struct.Struct("<I")

MAX_MEMORY_BYTES = 3 * 1024 * 1024 * 1024
"""Enough for 100 MiB of the most wasteful JSON."""

MAX_FILES_COUNT = 1000
MAX_URL_CHARACTERS = 8192
TOO_LONG = "the URL of the webhook is too long"


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    source, target = sys.stdin.buffer, sys.stdout.buffer
    while task := _read(source):
        answer = msgspec.msgpack.encode(_answer(msgspec.msgpack.decode(task, type=Task)))
        target.write(LENGTH.pack(len(answer)) + answer)
        target.flush()


def _read(source: IO[bytes]) -> bytes:
    head = source.read(LENGTH.size)
    return source.read(LENGTH.unpack(head)[0]) if len(head) == LENGTH.size else b""


def _answer(task: Task) -> Outline:
    try:
        return _outline(task)
    except Refusal as refusal:
        return Outline(refused=refusal.status, said=str(refusal.body)[:INLINE_BYTES])
    except MemoryError:
        said = "Failed to parse the request body as JSON: it takes too much memory"
        return Outline(refused=413, said=said)
    except OSError as error:
        if error.errno not in NO_SPACE:
            raise
        return Outline(refused=NO_SPACE_STATUS)


def _outline(task: Task) -> Outline:
    path = Path(task.path)
    body = path.read_bytes()
    path.unlink()
    asked = decoded(body)
    del body
    if len(msgspec.msgpack.encode(asked.context)) > INLINE_BYTES:
        raise Refusal(413, f"the context is larger than the limit of {INLINE_BYTES} bytes")
    if asked.webhook and len(asked.webhook) > MAX_URL_CHARACTERS:
        asked.webhook = TOO_LONG
    filter_ = asked.webhook_events_filter
    outline = Outline(
        id=asked.id,
        webhook=asked.webhook,
        webhook_events_filter=None if filter_ is None else sorted(set(filter_)),
        context=asked.context,
    )
    if task.face is not None:
        outline.large = _large(asked, task.face, Path(task.folder))
    return outline


def _large(asked: Request, face: InputFace, folder: Path) -> Large:
    schema: Json = msgspec.json.decode(face.schema)
    checker = Checker(schema)
    faults = checker.faults(asked.input)
    if faults:
        return Large(faults=faults)
    given = checker.known(asked.input)
    shown = folder / "shown.json"
    secret = has_secrets(schema)
    shown.write_bytes(msgspec.json.encode(without_secrets(given, schema) if secret else given))
    large = Large(shown=str(shown))
    plain = {name: value for name, value in given.items() if name not in face.files}
    try:
        files = _files(given, face, folder, plain, large.urls)
    except NotFetched as error:
        large.bad_file = str(error)
        return large
    path = folder / "input.json"
    path.write_bytes(msgspec.json.encode(plain))
    large.values = Values(path=str(path), files=files, checked=True)
    return large


def _files(
    given: Mapping[str, Any], face: InputFace, folder: Path, plain: Json, urls: dict[int, str]
) -> list[tuple[str, Upload]]:
    """The files of an input; ``urls`` gets those to be fetched, by their numbers."""
    files: list[tuple[str, Upload]] = []
    for name in face.files:
        value = given.get(name)
        if value == []:
            plain[name] = value
        for url in value if isinstance(value, list) else [value]:
            if url is None:
                continue
            if len(files) == MAX_FILES_COUNT:
                raise NotFetched(f"{name}: more than {MAX_FILES_COUNT} files")
            try:
                files.append((name, _file(url, folder, len(files), urls)))
            except NotFetched as error:
                raise NotFetched(f"{name}: {error}") from None
    return files


def _file(url: Any, folder: Path, number: int, urls: dict[int, str]) -> Upload:
    if not isinstance(url, str):
        raise NotFetched(NOT_A_URL)
    if found := DATA_URL.match(url):
        return saved(url, found, folder / str(number + 1))
    if len(url) > MAX_URL_CHARACTERS:
        scheme = urlsplit(url[:MAX_URL_CHARACTERS]).scheme
        raise NotFetched(
            f"the URL ({scheme}) is longer than the limit of {MAX_URL_CHARACTERS} characters"
        )
    urls[number] = url
    return Upload("", "", "")


if __name__ == "__main__":
    main()
