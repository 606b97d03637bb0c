"""Converts the values of components into what is sent for arguments."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from deepaas.client.arrays import file_of
from deepaas.client.calls import FileToSend
from deepaas.client.description import Argument, TensorForm
from deepaas.client.errors import InvalidArguments

MAX_TYPED_SIZE = 16
"""A tensor with a longer side is uploaded as a file."""

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp")


class UnfitValue(Exception):
    """The value of a component is invalid; the text says why, for users."""


def read(arguments: Iterable[Argument], values: Sequence[Any]) -> dict[str, Any]:
    """Return the values to send, by name, without defaults.

    Raises:
        ClientError: values are missing or invalid, with the messages by argument.
    """
    found: dict[str, Any] = {}
    wrong: dict[str, list[str]] = {}
    for argument, given in zip(arguments, values, strict=True):
        try:
            value = _read(argument, given)
            if value is None and argument.required:
                raise UnfitValue("Missing data for required field.")
        except UnfitValue as error:
            wrong[argument.name] = [str(error)]
            continue
        if value is not None and (argument.required or value != argument.default):
            found[argument.name] = value
    if wrong:
        raise InvalidArguments("Please correct these inputs.", fields=wrong)
    return found


def _read(argument: Argument, given: Any) -> Any:
    """Return the value of an argument, None for no value."""
    if argument.kind == "file":
        paths = given if isinstance(given, list) else [given] if given else []
        uploads = [FileToSend(Path(path), Path(path).name) for path in paths]
        return (uploads or None) if argument.many else next(iter(uploads), None)
    if argument.choices:
        if given in (None, [], "") and "" not in argument.choices:
            return [] if argument.many and argument.default else None
        return given
    if argument.kind == "tensor" and not is_typed(argument):
        return _read_tensor(argument, given)
    reader = _READERS.get(argument.kind, _read_text)
    return reader(argument, given)


def _read_text(argument: Argument, given: Any) -> Any:
    text = "" if given is None else str(given)
    # An empty string is only sent if it replaces another default.
    return text if text or argument.default not in (None, "") else None


def _read_any(argument: Argument, given: Any) -> Any:
    text = _read_text(argument, given)
    try:
        value = json.loads(text or "")
    except ValueError:
        return text
    return value if isinstance(value, dict | list) else text


def _read_number(argument: Argument, given: Any) -> Any:
    if given is None or given == "":
        return None
    try:
        number = float(given)
    except (TypeError, ValueError):
        raise UnfitValue("Not a number.") from None
    if argument.minimum is not None and number < argument.minimum:
        raise UnfitValue(f"Must be {argument.minimum:g} or more.")
    if argument.maximum is not None and number > argument.maximum:
        raise UnfitValue(f"Must be {argument.maximum:g} or less.")
    if argument.kind == "integer":
        if not number.is_integer():
            raise UnfitValue("Not an integer.")
        return given if isinstance(given, int) else int(number)
    return given


def _read_boolean(argument: Argument, given: Any) -> bool | None:
    # An unticked box without a default means no value.
    return None if not given and argument.default is None else bool(given)


def _read_json(argument: Argument, given: Any) -> Any:
    if not isinstance(given, str):
        value = given
    elif not given.strip():
        return None
    else:
        try:
            value = json.loads(given)
        except json.JSONDecodeError as error:
            place = f"line {error.lineno}, column {error.colno}"
            raise UnfitValue(f"Invalid JSON at {place}.") from None
        except (ValueError, RecursionError):
            raise UnfitValue(
                "Invalid JSON: a number is too long, or it is nested too deeply."
            ) from None
    if argument.kind == "tensor":  # The host validates it.
        return value
    expected = dict if argument.kind == "object" else list
    if value is not None and not isinstance(value, expected):
        shape = "an object, {…}" if expected is dict else "a list, […]"
        raise UnfitValue(f"Must be {shape}.")
    # An empty value is only sent if a value is required, or if it replaces another default.
    left_out = value == expected() and argument.default is None and not argument.required
    return None if left_out else value


def _read_date(argument: Argument, given: Any) -> str | None:
    if not given:
        return None
    date, _, time = str(given).replace("T", " ").partition(" ")
    value = date if argument.kind == "date" else f"{date}T{time or '00:00:00'}"
    same = shown_date(argument.default, argument.kind) == given
    return str(argument.default) if same else value


def _read_tensor(argument: Argument, given: Any) -> FileToSend | None:
    if not given:
        return None
    path = Path(given)
    if path.suffix.lower() not in PICTURE_SUFFIXES or not takes_pictures(argument):
        return FileToSend(path, path.name)
    tensor = argument.tensor
    assert tensor is not None and tensor.shape is not None
    try:
        with Image.open(path) as picture:
            pixels = _as_wanted(picture, tensor)
    except (OSError, ValueError, Image.DecompressionBombError):
        raise UnfitValue("Could not read this picture.") from None
    return file_of(path.stem, pixels)


def is_typed(argument: Argument) -> bool:
    """Whether a tensor is small enough to be typed."""
    shape = argument.tensor.shape if argument.tensor is not None else None
    return shape is not None and len(shape) < 3 and max(shape, default=1) <= MAX_TYPED_SIZE


def takes_pictures(argument: Argument) -> bool:
    """Whether an image file can be used for a tensor: (H, W), (H, W, 3), (C, H, W) or (B, C, H, W)
    with one or three channels, of bytes or of numbers from 0 to 1."""
    tensor = argument.tensor
    if tensor is None or tensor.dtype not in ("", "uint8", *_FRACTIONS) or tensor.shape is None:
        return False
    shape = tensor.shape
    if len(shape) == 4:
        return shape[0] in (-1, 1) and shape[1] in (-1, 1, 3)
    return len(shape) == 2 or (len(shape) == 3 and (shape[2] in (-1, 3) or shape[0] in (1, 3)))


_FRACTIONS = ("float16", "float32", "float64")


def _as_wanted(picture: Image.Image, tensor: TensorForm) -> NDArray[Any]:
    """A picture as an array that a tensor's declaration accepts."""
    shape = tensor.shape or ()
    first = len(shape) == 4 or (len(shape) == 3 and shape[0] in (1, 3) and shape[2] != 3)
    channels = shape[-3] if first else 3
    if channels == -1:
        channels = 1 if picture.mode in ("1", "L") else 3
    pixels: NDArray[Any] = np.asarray(
        picture.convert("L" if len(shape) == 2 or channels == 1 else "RGB")
    )
    if first:
        pixels = pixels[None] if pixels.ndim == 2 else np.moveaxis(pixels, 2, 0)
    if len(shape) == 4:
        pixels = pixels[None]
    if tensor.dtype in _FRACTIONS:
        pixels = (pixels / 255).astype(tensor.dtype)
    return np.ascontiguousarray(pixels)


def sent_picture(arguments: Iterable[Argument], values: Sequence[Any]) -> str | None:
    """The path of the first file that was given for a tensor or for an image."""
    for argument, given in zip(arguments, values, strict=True):
        if isinstance(given, str) and (
            argument.media == "image" or (argument.kind == "tensor" and not is_typed(argument))
        ):
            return given
    return None


def shown_date(value: Any, kind: str) -> str | None:
    if not isinstance(value, str) or not value:
        return None
    text = value.replace("T", " ")
    return text[:10] if kind == "date" else text[:19]


_READERS: Mapping[str, Callable[[Argument, Any], Any]] = {
    "any": _read_any,
    "integer": _read_number,
    "number": _read_number,
    "boolean": _read_boolean,
    "object": _read_json,
    "array": _read_json,
    "tensor": _read_json,
    "date": _read_date,
    "datetime": _read_date,
}
