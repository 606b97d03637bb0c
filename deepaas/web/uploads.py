"""Reads requests: arguments are passed to the worker, files are written to disk.

At most ``INLINE_BYTES`` are kept in memory, and nothing is decoded: the worker does that.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
import re
import shutil
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from aiohttp import BodyPartReader, MultipartReader, hdrs, web
from aiohttp.helpers import parse_mimetype
from aiohttp.http_exceptions import BadHttpMessage

from deepaas.errors import DeepaasError, MalformedRequest, UnsupportedMediaType
from deepaas.messages import INLINE_BYTES, LongText, RawRequest, Upload
from deepaas.web import charsets
from deepaas.web.bodies import BrokenForm, FormLines, at_hand, packed, received
from deepaas.web.memory_files import MAX_FILE_BYTES, MemoryFile, MemoryFiles
from deepaas.web.straight import receive

_log = logging.getLogger(__name__)

WRITE_BYTES = 1024 * 1024
"""How much of an upload is collected before a thread writes it, if there are few uploads."""

GATHERED_BYTES = 8 * 1024 * 1024
"""How much all uploads together collect."""

LIGHT_BYTES = 1024 * 1024
"""Files up to this size are written and removed without a thread, which is faster."""

MAX_PARTS_COUNT = 1000
MAX_BOUNDARY_CHARACTERS = 70
"""The limit of RFC 2046."""

DEFAULT_TYPE = "application/octet-stream"
MAX_NAME_BYTES = 200

_ORDINARY_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,16}")
_UNSAFE = re.compile(r"[^\w.\- ()+,=@]")


class Uploads:
    """Reads requests of up to ``max_bytes``, 0 for no limit; each has a folder for its files.

    Attributes:
        files_count, files_bytes: of all files in requests, also large bodies that become files.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self.folder = folder
        self._max_bytes = max_bytes
        self._numbers = itertools.count(1)
        self._writing_count = 0
        self.memory = MemoryFiles()
        self.files_count = self.files_bytes = 0
        folder.mkdir(parents=True, exist_ok=True)

    def open(self, request: web.Request) -> Reception:
        """Receive a request. Use it with ``async with``: the end removes the files."""
        return Reception(request, self, self._max_bytes)

    def scratch(self) -> Scratch:
        """For files of a call that are not part of a form."""
        return Scratch(self.new_folder)

    async def write(self, path: Path, held: bytes, rest: AsyncIterator[bytes]) -> int:
        """Write a new file without blocking the event loop; returns the number of bytes.

        Raises:
            OSError: it cannot be written.
        """
        gathered = [held]
        size = count_bytes = len(held)
        self._writing_count += 1
        try:
            with path.open("xb") as file:
                async for chunk in rest:
                    gathered.append(chunk)
                    size += len(chunk)
                    count_bytes += len(chunk)
                    if size >= min(WRITE_BYTES, GATHERED_BYTES // self._writing_count):
                        await asyncio.to_thread(file.writelines, gathered)
                        gathered, size = [], 0
                if count_bytes > LIGHT_BYTES:
                    await asyncio.to_thread(file.writelines, gathered)
                else:
                    file.writelines(gathered)
        finally:
            self._writing_count -= 1
        self.files_count += 1
        self.files_bytes += count_bytes
        return count_bytes

    def new_folder(self) -> Path:
        folder = self.folder / str(next(self._numbers))
        try:
            folder.mkdir(mode=0o700)
        except FileNotFoundError:
            self._make_again()
            folder.mkdir(mode=0o700)
        return folder

    def _make_again(self) -> None:
        """Create folders again that a cleaner of temporary files has removed."""
        for folder in (self.folder.parent, self.folder):
            with contextlib.suppress(FileExistsError):
                folder.mkdir(mode=0o700)
                _log.warning("%s was removed while this host was running: created it again", folder)
            if folder.lstat().st_uid != os.geteuid():
                # Its owner could read the files.
                raise DeepaasError(
                    "the host's temporary folder was removed and created again by another user: "
                    "restart the host"
                )


class Scratch:
    """A folder that is created on first use. The end of ``async with`` removes it."""

    def __init__(self, new_folder: Callable[[], Path]) -> None:
        self._new_folder = new_folder
        self._path: Path | None = None

    @property
    def path(self) -> Path:
        if self._path is None:
            self._path = self._new_folder()
        return self._path

    async def __aenter__(self) -> Scratch:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.remove()

    def remove_later(self) -> None:
        if self._path is not None:
            asyncio.get_running_loop().run_in_executor(None, shutil.rmtree, self._path, True)

    async def remove(self) -> None:
        if self._path is not None:
            # A thread, because removing files takes time; shielded, because the client may leave.
            await asyncio.shield(asyncio.to_thread(shutil.rmtree, self._path, True))


@dataclass(frozen=True)
class ReceivedBody:
    """A decompressed body of any media type.

    Attributes:
        media_type: in lower case, without parameters.
        data: the body, up to ``INLINE_BYTES``.
        path: of the file with a longer body, which its reception removes.
    """

    media_type: str
    data: bytes = b""
    path: str = ""


class Reception:
    def __init__(self, request: web.Request, uploads: Uploads, max_bytes: int) -> None:
        self._request = request
        self._uploads = uploads
        self._folder: Path | None = None  # Created for the first file: most requests have none.
        self._max_bytes = max_bytes
        self._names_bytes = 0
        self._inline_bytes = 0
        self._paths: list[str] = []
        self._written_bytes = 0
        self._memory: MemoryFile | None = None
        self._is_read = False

    async def __aenter__(self) -> Reception:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._memory is not None:
            self._uploads.memory.give_back(self._memory, is_read=self._is_read)
        if self._folder is None:
            return
        if self._written_bytes <= LIGHT_BYTES and _are_removed(self._folder, self._paths):
            return
        # A thread, because removing files takes time; shielded, because the client may leave.
        await asyncio.shield(asyncio.to_thread(shutil.rmtree, self._folder, True))

    async def inputs(self, *, with_headers: bool, with_cookies: bool) -> RawRequest:
        """Read the complete request; headers and cookies may contain arguments.

        Raises:
            MalformedRequest: the body does not match its headers.
            RequestTooLarge: it is larger than the limit.
            UnsupportedMediaType: arguments cannot be read from a body of this type.
        """
        request = self._request
        query = request.rel_url.raw_query_string
        headers = _texts((k.lower(), v) for k, v in request.headers.items()) if with_headers else {}
        cookies = _texts(request.cookies.items()) if with_cookies else {}
        media_type = request.content_type
        if not request.can_read_body:
            if media_type == "multipart/form-data" and request.content_length == 0:
                raise MalformedRequest("the form is empty")
            return RawRequest(query=query, headers=headers, cookies=cookies)
        if media_type == "multipart/form-data":
            form = await self._multipart(received(request, self._max_bytes))
            return RawRequest(query=query, form=form, headers=headers, cookies=cookies)
        body, path = at_hand(request, self._max_bytes), ""
        if body is None:
            # One that cannot be read is refused before the rest of it has come.
            body, path = await self._read(lambda: _kind(request, media_type))
        return RawRequest(
            query=query,
            body=body,
            body_path=path,
            body_kind=_kind(request, media_type) if body or path else "",
            charset=_known(request.charset or "utf-8"),
            headers=headers,
            cookies=cookies,
        )

    async def body(self) -> ReceivedBody:
        """Read the complete body, for a door that parses it itself.

        Raises:
            MalformedRequest: it is not compressed as its headers say, or is incomplete.
            RequestTooLarge: it is larger than the limit.
        """
        media_type = self._request.content_type
        if not self._request.can_read_body:
            return ReceivedBody(media_type)
        known_bytes = self._known_bytes()
        if INLINE_BYTES < known_bytes <= MAX_FILE_BYTES:
            self._memory = self._uploads.memory.take(known_bytes)
        if self._memory is None:
            held = at_hand(self._request, self._max_bytes)
            if held is not None:
                return ReceivedBody(media_type, held)
            return ReceivedBody(media_type, *await self._read())
        await receive(self._request, self._memory)
        return ReceivedBody(media_type, path=self._memory.path)

    def finish(self) -> None:
        """Mark the body as read: the call that uses it has been answered."""
        self._is_read = True

    def _known_bytes(self) -> int:
        """The length of the body, if known and within the limit; else 0."""
        length = self._request.content_length or 0
        is_plain = not packed(self._request) and length <= (self._max_bytes or length)
        return length if is_plain else 0

    async def _read(self, check: Callable[[], object] = lambda: None) -> tuple[bytes, str]:
        """A body while it is small, else the path of a file with it; checked once it has begun."""
        chunks, held = received(self._request, self._max_bytes), b""
        async for chunk in chunks:
            check()
            held = held + chunk if held else chunk
            if len(held) > INLINE_BYTES:
                break
        else:
            return held, ""
        return b"", await self._to_disk(held, chunks)

    async def _multipart(
        self, chunks: AsyncIterator[bytes]
    ) -> list[tuple[str, str | Upload | LongText]]:
        form: list[tuple[str, str | Upload | LongText]] = []
        boundary = _boundary(self._request)
        try:
            lines = FormLines(chunks)
            reader = MultipartReader(self._request.headers, lines)  # type: ignore[arg-type]
            await lines.begin(b"--" + boundary)
            while (part := await reader.next()) is not None:
                if len(form) >= MAX_PARTS_COUNT:
                    raise MalformedRequest(f"the form has more than {MAX_PARTS_COUNT} parts")
                if not isinstance(part, BodyPartReader) or part.name is None:
                    raise MalformedRequest("a part of the form is not a named field")
                name = _text(part.name)
                self._names_bytes += len(name) + len(part.filename or "")
                if self._names_bytes > INLINE_BYTES:
                    raise MalformedRequest("the names of the form fields are too long")
                value = await self._field(part)
                if value is not None:
                    form.append((name, value))
        except BrokenForm as error:
            raise MalformedRequest(f"the form cannot be read: {error}") from None
        except (ValueError, LookupError, AssertionError, RuntimeError, BadHttpMessage):
            # Raised by aiohttp's reader for invalid headers and encodings.
            raise MalformedRequest(
                f"the form cannot be read: part {len(form) + 1} is not valid "
                "multipart/form-data, or is incomplete"
            ) from None
        return form

    async def _field(self, part: BodyPartReader) -> str | Upload | LongText | None:
        """The value of a part; None for the empty file field of a browser's form."""
        is_file = part.filename is not None or _is_binary(part)
        held = b""
        while len(held) <= INLINE_BYTES:
            chunk = await self._chunk(part)
            if not chunk:
                break
            held += chunk
        if is_file:
            return await self._file(held, part) if held or part.filename else None
        charset = _known(part.get_charset("utf-8"))
        self._inline_bytes += len(held)
        if self._inline_bytes > INLINE_BYTES:
            return LongText(await self._to_disk(held, self._chunks(part)), charset)
        try:
            return held.decode(charset)
        except (UnicodeError, LookupError):
            raise MalformedRequest(f"the form field {part.name!r} is not valid {charset}") from None

    async def _file(self, held: bytes, part: BodyPartReader) -> Upload:
        filename = safe_name(_text(part.filename or ""))
        suffix = PurePosixPath(filename).suffix
        if not _ORDINARY_SUFFIX.fullmatch(suffix):
            suffix = ""
        path = await self._to_disk(held, self._chunks(part), suffix)
        content_type = _text(part.headers.get(hdrs.CONTENT_TYPE, DEFAULT_TYPE))
        return Upload(path, filename, content_type)

    async def _chunk(self, part: BodyPartReader) -> bytes:
        chunk = await part.read_chunk(INLINE_BYTES)
        return bytes(part.decode(chunk)) if chunk else b""

    async def _chunks(self, part: BodyPartReader) -> AsyncIterator[bytes]:
        while chunk := await self._chunk(part):
            yield chunk

    async def _to_disk(self, held: bytes, rest: AsyncIterator[bytes], suffix: str = "") -> str:
        if self._folder is None:
            self._folder = self._uploads.new_folder()
        # Only the suffix is from the client's file name, because readers of images and other files
        # need it.
        path = self._folder / f"{len(self._paths) + 1}{suffix}"
        self._paths.append(str(path))
        written_bytes = self._written_bytes
        self._written_bytes = LIGHT_BYTES + 1  # Until the size is known.
        written_bytes += await self._uploads.write(path, held, rest)
        self._written_bytes = written_bytes
        return str(path)


def _kind(request: web.Request, media_type: str) -> str:
    if media_type == "application/json" or (
        media_type.startswith("application/") and media_type.endswith("+json")
    ):
        return "json"
    if media_type == "application/x-www-form-urlencoded":
        return "form"
    told = _text(request.headers.get(hdrs.CONTENT_TYPE, media_type))
    raise UnsupportedMediaType.of_arguments(told)


def _are_removed(folder: Path, paths: Iterable[str]) -> bool:
    """Remove a folder with these files, unless it contains others."""
    try:
        for path in paths:
            os.unlink(path)  # noqa: PTH108, which is quicker than a Path
        folder.rmdir()
    except OSError:
        return False
    return True


def _texts(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Headers or cookies, with bytes that are not UTF-8 replaced; the first of a name counts."""
    texts: dict[str, str] = {}
    for name, value in pairs:
        texts.setdefault(name, _text(value))
    return texts


def _text(value: str) -> str:
    return value.encode(errors="surrogateescape").decode(errors="replace")


def _known(charset: str) -> str:
    if charset != "utf-8" and not charsets.is_known(charset):
        raise MalformedRequest(f"the encoding {_text(charset)[:100]!r} is not supported")
    return charset


def _boundary(request: web.Request) -> bytes:
    boundary = parse_mimetype(request.headers[hdrs.CONTENT_TYPE]).parameters.get("boundary", "")
    if not 0 < len(boundary) <= MAX_BOUNDARY_CHARACTERS:
        raise MalformedRequest(
            "the form cannot be read: its Content-Type has no boundary of at most "
            f"{MAX_BOUNDARY_CHARACTERS} characters"
        )
    return boundary.encode(errors="surrogateescape")


def safe_name(filename: str) -> str:
    """A client's file name, without anything that could lead out of a folder."""
    name = _UNSAFE.sub("_", re.split(r"[/\\]", filename)[-1]).strip(". ")
    # File systems limit bytes. The end is kept, because it contains the suffix.
    return name.encode()[-MAX_NAME_BYTES:].decode(errors="ignore").strip(". ") or "file"


def _is_binary(part: BodyPartReader) -> bool:
    """Whether a part without a file name is a file nevertheless, by its media type."""
    media_type = part.headers.get(hdrs.CONTENT_TYPE, "text/plain").partition(";")[0].strip()
    return media_type == DEFAULT_TYPE or media_type.partition("/")[0] in ("image", "audio", "video")
