"""Files as URLs: URLs of clients become files of the call, files of models become URLs."""

from __future__ import annotations

import asyncio
import base64
import binascii
import mimetypes
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec

from deepaas.fetching.fetcher import Fetcher, NotFetched
from deepaas.messages import Answer, Part, Upload, Values
from deepaas.protocols.cog.large import Large
from deepaas.protocols.cog.upload import Uploader
from deepaas.web.as_json import as_json, is_json
from deepaas.web.document import Document, of_bytes
from deepaas.web.uploads import Scratch

DATA_URL = re.compile(r"data:([^,;]*)((?:;[^,;]*)*),", re.IGNORECASE | re.DOTALL)
DEFAULT_TYPE = "text/plain"
NOT_A_URL = "a file must be given as a URL"


class BadFile(Exception):
    """A file of an input cannot be fetched; the text says why."""


class PredictionFiles:
    """Files of inputs and outputs; without an uploader, outputs are data URLs. Must be closed."""

    def __init__(self, fetcher: Fetcher, uploader: Uploader | None) -> None:
        self._fetcher = fetcher
        self._uploader = uploader

    async def close(self) -> None:
        await self._fetcher.close()
        if self._uploader is not None:
            await self._uploader.close()

    async def received(
        self,
        given: dict[str, Any],
        names: Collection[str],
        scratch: Scratch,
        trace: Mapping[str, str],
    ) -> Values:
        """The values of a validated input, with those in ``names`` as files.

        ``trace``: headers for the requests that fetch them.

        Raises:
            BadFile: one of them cannot be fetched.
        """
        if not names:
            return Values(given, checked=True)
        plain = {name: value for name, value in given.items() if name not in names}
        files: list[tuple[str, Upload]] = []
        for name in names:
            value = given.get(name)
            if value == []:
                plain[name] = value
            for url in value if isinstance(value, list) else [value]:
                if url is not None:
                    number = len(files) + 1
                    files.append((name, await self._received(name, url, scratch, number, trace)))
        return Values(plain, files=files, checked=True)

    async def completed(self, large: Large, scratch: Scratch, trace: Mapping[str, str]) -> Values:
        """The values of a large input, after fetching the files that are URLs.

        Raises:
            BadFile: one of them cannot be fetched.
        """
        if large.bad_file:
            raise BadFile(large.bad_file)
        files = list(large.values.files)
        for number, url in large.urls.items():
            name, _ = files[number]
            files[number] = (name, await self._received(name, url, scratch, number + 1, trace))
        return msgspec.structs.replace(large.values, files=files)

    def inline(self, news: Answer | Part) -> bytes | None:
        """A result or a part as JSON, None if that takes time."""
        if news.path or (self._uploader is not None and (news.files or not is_json(news))):
            return None
        return as_json(news).whole()

    async def told(self, news: Answer | Part, prediction_id: str) -> Document:
        """A result or a part as JSON; a file becomes a URL.

        The file is only needed until the document has been read.

        Raises:
            OSError: the file cannot be read.
            NotUploaded: the file cannot be uploaded.
        """
        if self._uploader is not None and not is_json(news):
            return of_bytes(msgspec.json.encode(await self._uploader.upload(news, prediction_id)))
        if self._uploader is not None and news.files:
            value = await asyncio.to_thread(lambda: msgspec.json.decode(as_json(news).whole()))
            value = await self._uploader.upload_inner(value, news, prediction_id)
            return of_bytes(await asyncio.to_thread(msgspec.json.encode, value))
        return as_json(news)

    async def _received(
        self, name: str, url: Any, scratch: Scratch, number: int, trace: Mapping[str, str]
    ) -> Upload:
        if not isinstance(url, str):
            raise BadFile(f"{name}: {NOT_A_URL}")
        try:
            if found := DATA_URL.match(url):
                return await asyncio.to_thread(saved, url, found, scratch.path / str(number))
            return await self._fetcher.fetch(url, scratch.path, number, trace)
        except NotFetched as error:
            raise BadFile(f"{name}: {error}") from None


def saved(url: str, found: re.Match[str], path: Path) -> Upload:
    """The file in a data URL; ``NotFetched`` if it is not valid."""
    media_type = found[1].strip().lower() or DEFAULT_TYPE
    # Step by step, so that at most two copies are in memory.
    data = url[found.end() :]
    content = unquote_to_bytes(data) if "%" in data else data.encode()
    del data
    if found[2].lower().endswith(";base64"):
        try:
            content = base64.b64decode(content)
        except (binascii.Error, ValueError):
            raise NotFetched("the data: URL is not valid base64") from None
    path = path.with_suffix(mimetypes.guess_extension(media_type) or "")
    path.write_bytes(content)
    return Upload(str(path), f"file{path.suffix}", media_type)
