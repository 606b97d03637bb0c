"""Encodes Python values as JSON, including subclasses and any keys that JSON can represent."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
import functools
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence, Set, ValuesView
from typing import Any

import msgspec

MAX_TEXT_CHARACTERS = 1000

_MISSPELT = re.compile(rb'"(?:[01]|nan|-?inf)":')
"""Keys that msgspec may write wrongly: it writes True like 1, and has no hook for keys. Searching
the output for them is cheaper than checking all keys before."""


class FileUrl(str):
    """A file as a data URL (RFC 2397), with the name of the file."""

    name: str = ""


class BadResult(Exception):
    """The result of a model cannot be sent as the chosen media type."""


def to_json(value: Any, files: list[tuple[str, int]] | None = None) -> bytes:
    """A result as JSON, with null for NaN and infinities; BadResult if JSON cannot represent it.
    ``files`` gets the files in it, see ``messages.Answer``."""
    noted: list[tuple[str, int]] = []

    def plain(thing: Any) -> Any:
        if isinstance(thing, FileUrl):
            noted.append((thing.name, len(thing)))
        return _plain(thing)

    try:
        encoded = _encode(value, plain)
        right = not _MISSPELT.search(encoded)
    except (TypeError, ValueError, RecursionError, OverflowError):
        right = False
    if not right:
        noted.clear()
        try:
            encoded = _encode(
                _renamed(value, json_key), lambda thing: _renamed(plain(thing), json_key)
            )
        except (TypeError, ValueError, RecursionError, OverflowError) as error:
            raise BadResult(f"it cannot be sent as JSON: {error}") from None
    if files is not None:
        files += noted
    return encoded


def in_item(value: Any, error: BadResult) -> BadResult:
    """The same error of a dict that cannot be JSON, with the name of the value that is why."""
    for name, item in value.items() if isinstance(value, dict) else ():
        if said := not_json({name: item}):
            return BadResult(f"result {name!r} {said.removeprefix('it ')}")
    return error


def not_json(value: Any) -> str:
    """Why a value cannot be sent as JSON; empty if it can."""
    try:
        to_json(value)
    except BadResult as error:
        return str(error)
    return ""


def to_json_or_text(value: Any) -> bytes:
    """JSON in which values that JSON cannot represent are replaced by their text."""

    def key(thing: Any) -> str:
        try:
            return json_key(thing)
        except Exception:
            return _text(thing)

    def text(thing: Any) -> Any:
        try:
            return _renamed(_plain(thing), key)
        except Exception:
            return _text(thing)

    try:
        return _encode(_renamed(value, key), text)
    except (TypeError, ValueError, RecursionError, OverflowError):
        return msgspec.json.encode(_text(value))


def _encode(value: Any, plain: Callable[[Any], Any]) -> bytes:
    try:
        return msgspec.json.encode(value, enc_hook=plain)
    except UnicodeEncodeError:  # Lone surrogates: written as Python does.
        known = functools.partial(msgspec.to_builtins, enc_hook=plain)
        return json.dumps(value, allow_nan=False, default=known).encode()


def _plain(value: Any) -> Any:
    """The hook of msgspec for unknown types: converts to a known type."""
    kinds: tuple[type[Any], ...] = (str, float, int, dict, list, bytes)
    for kind in kinds:
        if isinstance(value, kind):
            return kind(value)
    if isinstance(value, complex):
        return [value.real, value.imag]
    if isinstance(value, (dt.date, dt.time, dt.timedelta)):
        return _exact_time(value)
    if isinstance(value, decimal.Decimal):
        return decimal.Decimal(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (Sequence, Set, ValuesView)) and not isinstance(value, memoryview):
        return list(value)
    if hasattr(value, "tolist"):
        # Arrays and scalars of NumPy, PyTorch and so on, without importing them.
        return value.tolist()
    raise TypeError(f"objects of type {type(value).__name__} are not JSON{_instead(value)}")


_INSTEAD = {
    "to_dicts": "return frame.to_dicts()",  # polars
    "to_dict": "return frame.to_dict('records')",  # pandas
    "model_dump": "return result.model_dump()",  # pydantic
    "savefig": "figure.savefig('result.png') and return Path('result.png')",  # matplotlib
    "save": "image.save('result.png') and return Path('result.png')",  # Pillow
    "__await__": "is an await missing?",
    "__next__": "return list(…) of it, or yield its values",
}
"""What to do instead, by an attribute of the object."""


def _instead(value: Any) -> str:
    found = next((said for name, said in _INSTEAD.items() if hasattr(type(value), name)), "")
    return f": {found}" if found else ""


def _exact_time(value: Any) -> Any:
    """A date, time or duration of a subclass, such as ``pandas.Timestamp``."""
    if value != value:  # "Not a time" of pandas.
        return None
    if isinstance(value, dt.datetime):
        return dt.datetime.combine(_date(value), _time(value))
    if isinstance(value, dt.date):
        return _date(value)
    if isinstance(value, dt.time):
        return _time(value)
    return dt.timedelta(value.days, value.seconds, value.microseconds)


def _date(value: dt.date) -> dt.date:
    return dt.date(value.year, value.month, value.day)


def _time(value: dt.time | dt.datetime) -> dt.time:
    exact = (value.hour, value.minute, value.second, value.microsecond)
    return dt.time(*exact, tzinfo=value.tzinfo, fold=value.fold)


def json_key(key: Any) -> str:
    """A key for a JSON object; TypeError if it is not a string, number or literal."""
    if type(key) is str:
        return key
    if isinstance(key, float) and not math.isfinite(key):
        return json.dumps(float(key))  # As Python does, because JSON cannot represent it.
    written = msgspec.json.encode(key, enc_hook=_plain)
    if written[:1] in (b"[", b"{"):
        raise TypeError(f"a key of type {type(key).__name__} is not JSON")
    return str(msgspec.json.decode(written)) if written[:1] == b'"' else written.decode()


def _renamed(value: Any, key: Callable[[Any], str]) -> Any:
    if isinstance(value, dict):
        return {key(name): _renamed(item, key) for name, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_renamed(item, key) for item in value]
    named = _fields(value)
    return {name: _renamed(item, key) for name, item in named.items()} if named else value


def _fields(value: Any) -> dict[str, Any]:
    return dict(_named(value))


def _named(value: Any) -> Iterator[tuple[str, Any]]:
    kind = type(value)
    if isinstance(value, enum.Enum):
        return
    if dataclasses.is_dataclass(kind):
        names = [one.name for one in dataclasses.fields(kind)]
    else:
        attrs = getattr(kind, "__attrs_attrs__", ())
        names = [one.name for one in attrs] or list(getattr(kind, "__struct_fields__", ()))
    for name in names:
        if hasattr(value, name):
            yield name, getattr(value, name)


def _text(value: Any) -> str:
    try:
        return str(value)[:MAX_TEXT_CHARACTERS].encode(errors="backslashreplace").decode()
    except Exception:
        return f"<{type(value).__name__}>"
