"""The body of a request, created again for each attempt."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any, BinaryIO

import aiohttp

from deepaas.client.calls import ClientCall, FileToSend
from deepaas.client.errors import InvalidArguments

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class SentBody:
    """The headers and the body of a call; a context manager that closes its files."""

    def __init__(self, call: ClientCall) -> None:
        self._call = call
        self._opened: list[BinaryIO] = []
        self._starts = {
            id(value.content): value.content.tell()
            for _, value in call.form
            if isinstance(value, FileToSend) and not isinstance(value.content, Path | bytes)
        }

    def __enter__(self) -> SentBody:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._opened:
            file.close()

    def options(self) -> dict[str, Any]:
        """Options for `aiohttp.ClientSession.request`, created again for each attempt."""
        call = self._call
        options: dict[str, Any] = {"headers": dict(call.headers), "cookies": call.cookies}
        if call.body is not None:
            options["json"] = call.body
        elif call.files:
            options["data"] = self._multipart()
        elif call.form:
            options["data"] = [(n, v) for n, v in call.form if isinstance(v, str)]
        return options

    def _multipart(self) -> aiohttp.FormData:
        # Unquoted names, as browsers send them: hosts do not decode %20.
        form = aiohttp.FormData(quote_fields=False)
        for name, value in self._call.form:
            if isinstance(value, FileToSend):
                file, shown = self._open(name, value), _CONTROL.sub("_", value.name)
                form.add_field(name, file, filename=shown, content_type=value.media_type)
            else:
                form.add_field(name, value)
        return form

    def _open(self, name: str, upload: FileToSend) -> io.IOBase | BinaryIO:
        content = upload.content
        if isinstance(content, bytes):
            return io.BytesIO(content)
        if isinstance(content, Path):
            try:
                file = content.open("rb")
            except OSError as error:
                wrong = f"cannot be read: {content}: {error.strerror or error}"
                raise InvalidArguments(
                    f"the file for argument {name!r} {wrong}", fields={name: [wrong]}
                ) from error
            self._opened.append(file)
            return file
        content.seek(self._starts[id(content)])
        return _Lent(content)


class _Lent(io.BufferedIOBase):
    """Wraps a file of the caller, because aiohttp would close it after sending."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file = file

    def read(self, size: int | None = -1, /) -> bytes:
        return self._file.read(-1 if size is None else size)

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def fileno(self) -> int:
        return self._file.fileno()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True
