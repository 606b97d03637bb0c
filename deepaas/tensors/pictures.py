"""Converts tensors to pictures and back, as DeepInverse and torchvision understand them: floats
from 0 to 1, or uint8, with the channels before height and width."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np

from deepaas.messages import Tensor
from deepaas.tensors.arrays import array_of, tensor_of

_COLOR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
"""Of PNG, by number of channels: grey and RGB, without and with alpha."""

PNG = b"\x89PNG\r\n\x1a\n"


def png_of(tensor: Tensor) -> bytes:
    """A PNG of one picture with 1 to 4 channels; floats are clipped to 0 and 1.

    Raises:
        ValueError: it is none; the message is for the client.
    """
    array = array_of(tensor)
    shape = list(array.shape)
    while array.ndim > 3 and array.shape[0] == 1:
        array = array[0]
    if array.ndim == 2:
        array = array[np.newaxis]
    is_picture = array.ndim == 3 and array.size and array.shape[0] in _COLOR_TYPES
    if not is_picture or (tensor.dtype != "uint8" and array.dtype.kind != "f"):
        raise ValueError(
            "the model takes a picture: send floats from 0 to 1, or uint8, of shape [channels, "
            f"height, width] with 1, 3 or 4 channels, got {tensor.dtype} of shape {shape}"
        )
    if array.dtype.kind == "f":
        clipped = np.clip(np.nan_to_num(array.astype(np.float32)), 0, 1)
        array = np.rint(clipped * np.float32(255)).astype(np.uint8)
    channels, height, width = array.shape
    rows = np.zeros((height, 1 + width * channels), np.uint8)  # Each begins with "no filter".
    rows[:, 1:] = array.transpose(1, 2, 0).reshape(height, -1)
    header = struct.pack(">2I5B", width, height, 8, _COLOR_TYPES[channels], 0, 0, 0)
    data = zlib.compress(rows.data, 1)
    return PNG + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def tensor_of_picture(content: bytes) -> Tensor | None:
    """float32 from 0 to 1, of shape [1, channels, height, width]; None if it is no picture, or
    Pillow is not installed where the model runs."""
    try:
        from PIL import Image
    except ImportError:
        return None
    try:
        with Image.open(io.BytesIO(content)) as picture:
            grey = picture.mode in ("1", "L", "I;16", "LA")
            array: Any = np.asarray(picture.convert("L" if grey else "RGB"))
    except (OSError, ValueError):
        return None
    array = array[np.newaxis] if grey else array.transpose(2, 0, 1)
    return tensor_of(array[np.newaxis].astype(np.float32) / np.float32(255))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
