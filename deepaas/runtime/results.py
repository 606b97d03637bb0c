"""Encodes the results of ``predict``."""

from __future__ import annotations

import base64
import contextlib
import io
import mimetypes
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any, BinaryIO

import marshmallow
import msgspec

from deepaas.messages import INLINE_BYTES, Answer, Part, TensorDetails
from deepaas.model.v2.fields import Tensor
from deepaas.model.v2.wrapper import ReturnedFile
from deepaas.runtime.broken_schema import Breach, broken, only_no_numbers
from deepaas.runtime.codecs import Bytes
from deepaas.runtime.json_values import BadResult, in_item, to_json, to_json_or_text
from deepaas.runtime.media import ANY, JSON
from deepaas.runtime.odd_results import NO_NUMBER, has_no_number
from deepaas.runtime.regular import check_opened, open_regular

_HEADER = re.compile(r"[!-~]([ -~]*[!-~])?")
_MEDIA_TYPE = re.compile(r"[\w!#$&^.+*-]+/[\w!#$&^.+*-]+( *;[ -~]*)?", re.ASCII)


class NoMediaType(BadResult):
    """The client or the model has chosen an invalid media type."""


class BreaksSchema(BadResult):
    """The result does not match the model's own schema."""

    def __init__(self, broken: Breach, where: str) -> None:
        advice = broken.advice(where)
        advice = f"{advice[:1].upper()}{advice[1:]}"
        super().__init__(f"{broken.problem}, so clients get no result. {advice}.")
        self.broken = broken


class Results:
    """Encodes the results of a model; large ones are written to the worker's folder ``spool``."""

    def __init__(
        self,
        name: str,
        schema: type[marshmallow.Schema] | None,
        media_types: list[str],
        spool: Path,
        schema_place: Callable[[], str] = str,
    ) -> None:
        """``schema_place`` tells where the schema is written, for errors."""
        self._name = name
        self._schema_place = schema_place
        self._schema = schema() if schema is not None else None
        self._tensors = tensors_of(self._schema)
        self._spool = spool
        self._fallback = next((m for m in media_types if m not in (JSON, ANY)), "")

    def encode(self, call_id: int, result: Any, accept: str | None) -> Answer:
        """Encode a result; ``accept`` is None if the model offers no media types. BadResult if it
        does not match the model's schema or media type, or is not a regular file."""
        if isinstance(result, PurePath):
            if accept == JSON:
                url = self._answer(call_id, JSON, self._encode_json(data_url(result)))
                url.declared = self._schema is not None
                return url
            if accept is None or "*" in accept:  # The file name is more specific than a wildcard.
                accept = guessed_type(result)
            answer = self._encode_raw(call_id, open_regular(result), accept)
            answer.files = [(plain_name(result), 0)]
            return answer
        if isinstance(result, ReturnedFile):
            if not result.filename:
                raise BadResult("predict returned a ReturnedFile without a filename")
            result = open_regular(result.filename)  # Closed by _encode_raw.
        raw = accept not in (None, JSON, ANY)
        if accept == ANY and _is_raw(result):
            # The client accepts anything and the result is not JSON: use the model's media type.
            raw, accept = True, self._fallback or "application/octet-stream"
        if raw:
            assert accept is not None
            if not _MEDIA_TYPE.fullmatch(accept):
                raise NoMediaType(f"accept is {accept!r}, which is not a media type")
            return self._encode_raw(call_id, result, accept)
        if hasattr(result, "read"):
            result.close()
            raise BadResult("predict returned an open file, but JSON was requested")
        files: list[tuple[str, int]] = []
        encoded = self._encode_json(result, files)
        answer = self._answer(call_id, JSON, encoded)
        if b"null" in encoded and not self._tensors and has_no_number(result):
            answer.remark = NO_NUMBER
        answer.files = files
        answer.declared = self._schema is not None
        return answer

    def encoded(
        self,
        call_id: int,
        media_type: str,
        data: Bytes | Sequence[Bytes],
        headers: Mapping[str, str] = {},
    ) -> Answer:
        """The result of a codec; BadResult if it is not valid."""
        if not (isinstance(media_type, str) and _MEDIA_TYPE.fullmatch(media_type)):
            raise BadResult(f"the codec returned the invalid media type {media_type!r}")
        pieces = data if isinstance(data, (list, tuple)) else [data]
        for piece in pieces:
            if not isinstance(piece, (bytes, bytearray, memoryview)):
                raise BadResult(f"the codec returned {type(piece).__name__}, not bytes")
        for header in headers.items():
            if not all(isinstance(word, str) and _HEADER.fullmatch(word) for word in header):
                raise BadResult(f"the codec returned the invalid header {header!r}")
        answer = self._answer(call_id, media_type, *pieces)
        answer.headers = dict(headers)
        return answer

    def part(self, number: int, answer: Answer) -> Part:
        call_id, path = answer.id, ""
        if answer.path:
            path = f"{answer.path}-{number}"
            Path(answer.path).rename(path)
        return Part(call_id, answer.media_type, answer.body, path, answer.is_file, answer.files)

    def joined(self, call_id: int, parts: list[Part]) -> Answer:
        media_type = parts[0].media_type if parts else JSON
        return self._answer(call_id, media_type, b"".join(_taken(part) for part in parts))

    def gathered(self, call_id: int, parts: list[Part], accept: str | None) -> Answer:
        """A list of JSON values, or concatenated bytes."""
        if accept not in (None, JSON, ANY):
            return msgspec.structs.replace(self.joined(call_id, parts), media_type=accept or "")
        bodies = [_taken(part) for part in parts]
        values = [
            to_json(_as_url(part.media_type, body))
            if part.is_file or part.media_type != JSON
            else body
            for part, body in zip(parts, bodies, strict=True)
        ]
        listed = b"[" + b",".join(values) + b"]"
        answer = self._answer(call_id, JSON, listed)
        answer.declared = self._schema is not None
        return answer

    def encode_training(self, call_id: int, result: Any) -> Answer:
        """The result of ``train`` as JSON, or as text: odd results must not make the run fail."""
        return self._answer(call_id, JSON, to_json_or_text(result))

    def _encode_json(self, result: Any, files: list[tuple[str, int]] | None = None) -> bytes:
        if self._schema is not None:
            self._check(result)
        try:
            return to_json(result, files)
        except BadResult as error:
            raise in_item(result, error) from None

    def checked(self, result: Any) -> Any:
        """A result with declared tensors as arrays; BreaksSchema if it violates the schema."""
        loaded = self._check(result)
        if not self._tensors or not isinstance(result, Mapping):
            return result
        lists = {name for name in self._tensors if isinstance(result.get(name), (list, tuple))}
        return {name: loaded[name] if name in lists else it for name, it in result.items()}

    def _check(self, result: Any) -> Any:
        if self._schema is None:
            return result
        try:
            return self._schema.load(result)
        except marshmallow.ValidationError as error:
            if only_no_numbers(self._schema, result, error.messages):
                # As without a schema: clients get null, and a notice.
                valid: Any = error.valid_data
                return {**result, **valid}
            # Logged with the id of the failure; clients do not get the messages.
            told = broken(self._schema, result, error.messages)
            raise BreaksSchema(told, self._schema_place()) from None

    def _encode_raw(self, call_id: int, result: Any, accept: str) -> Answer:
        if hasattr(result, "read"):
            return self._encode_file(call_id, result, accept)
        if result is None:
            return Answer(call_id, accept)
        if isinstance(result, str):
            return self._answer(call_id, accept, result.encode())
        if isinstance(result, (bytes, bytearray, memoryview)):
            return self._answer(call_id, accept, bytes(result))
        if accept.endswith(("+json", "/json")):
            return self._answer(call_id, accept, to_json(result))
        raise BadResult(
            f"predict must return str, bytes or an open binary file for {accept!r}, "
            f"not {type(result).__name__}"
        )

    def _encode_file(self, call_id: int, file: Any, accept: str) -> Answer:
        check_opened(file)
        name = self._attachment(file, accept)
        target = self._spool / str(call_id)
        with file:
            if isinstance(file, io.BufferedReader) and file.seekable():
                # DEEPaaS 2.x reopens such a file by its name, so it is sent from the beginning.
                file.seek(0)
            first = file.read(INLINE_BYTES)
            if isinstance(first, str):
                return self._answer(call_id, accept, (first + file.read()).encode())
            if len(first) < INLINE_BYTES:
                return Answer(call_id, accept, body=first, attachment=name, is_file=True)
            with _spooled(target) as copy:
                copy.write(first)
                shutil.copyfileobj(file, copy, 1024 * 1024)
        return Answer(call_id, accept, path=str(target), attachment=name, is_file=True)

    def _attachment(self, file: Any, accept: str) -> str:
        """The name of a download, which must not reveal anything about this machine."""
        if isinstance(file, io.BufferedReader):
            return f"{self._name}{mimetypes.guess_extension(accept) or ''}"
        # An object in memory only has a name if the author set it.
        name = getattr(file, "name", None)
        return re.sub(r"[^\w.\- ]", "_", PurePath(name).name) if isinstance(name, str) else ""

    def _answer(self, call_id: int, media_type: str, *pieces: Bytes) -> Answer:
        if sum(memoryview(piece).nbytes for piece in pieces) <= INLINE_BYTES:
            return Answer(call_id, media_type, body=b"".join(pieces))
        target = self._spool / str(call_id)
        with _spooled(target) as file:
            file.writelines(pieces)
        return Answer(call_id, media_type, path=str(target))


def tensors_of(schema: marshmallow.Schema | None) -> dict[str, TensorDetails]:
    """The tensors of a schema, by name."""
    declared = schema.fields if schema is not None else {}
    return {
        field.data_key or name: field.wanted
        for name, field in declared.items()
        if isinstance(field, Tensor)
    }


def _taken(part: Part) -> bytes:
    """The bytes of a part; removes its file."""
    if not part.path:
        return part.body
    path = Path(part.path)
    body = path.read_bytes()
    path.unlink()
    return body


def plain_name(path: PurePath) -> str:
    return path.name.encode(errors="replace").decode()


def guessed_type(path: PurePath) -> str:
    return mimetypes.guess_type(path.name)[0] or "application/octet-stream"


def data_url(path: PurePath) -> str:
    """A file as a data URL (RFC 2397)."""
    with open_regular(path) as file:
        return _as_url(guessed_type(path), file.read())


def _as_url(media_type: str, content: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


@contextlib.contextmanager
def _spooled(path: Path) -> Iterator[BinaryIO]:
    """Write a file, which is removed if writing fails."""
    # A cleaner of temporary files may have removed the folder.
    with contextlib.suppress(FileExistsError):
        make_private(path.parent)
    try:
        with path.open("wb") as file:
            yield file
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def make_private(folder: Path) -> None:
    """Create a folder and its parents, only for this user; FileExistsError if it exists."""
    with contextlib.suppress(FileExistsError):
        if not folder.parent.exists():
            make_private(folder.parent)
    folder.mkdir(mode=0o700)


def _is_raw(result: Any) -> bool:
    return hasattr(result, "read") or isinstance(result, (bytes, bytearray, memoryview))
