"""Arrays as pictures: which can be one, how their values become shades, and how alike two are."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from deepaas.client.answers import MAX_ANSWER_BYTES

MAX_PIXELS_COUNT = 16_000_000
MAX_SIDE = 1024
"""Larger pictures are shown smaller: a page has no room for more."""

MIN_SIDE = 512
"""Pixels of smaller pictures are repeated: browsers would blur them."""

SAMPLES_COUNT = 100_000
"""So many values say of which range most are."""

Array = NDArray[Any]
Window = tuple[float, float]


def as_picture(array: Array) -> Array | None:
    """Return what can be shown of an array, (H, W) or (H, W, 3); None if nothing can.

    Of (B, C, H, W) it is the first item. Of complex numbers, and of two channels, which are a real
    and an imaginary part, it is the magnitude.
    """
    if array.dtype.kind not in "buifc" or not array.size:
        return None
    found = array[0] if array.ndim == 4 else array
    if found.ndim == 3:
        first, last = found.shape[0], found.shape[2]
        if first in (1, 2, 3) and (array.ndim == 4 or last not in (3, 4)):
            found = np.moveaxis(found, 0, 2)
        elif last not in (1, 3, 4):
            return None
        if found.shape[2] == 2:
            found = np.hypot(found[..., 0], found[..., 1])
        elif found.shape[2] == 1:
            found = found[..., 0]
    if found.ndim not in (2, 3) or min(found.shape[:2]) < 2 or found.size > MAX_PIXELS_COUNT:
        return None
    return np.abs(found) if found.dtype.kind == "c" else found


def window_of(picture: Array) -> Window:
    """Return the values to be shown black and white: 0 and 255 for bytes, 0 and 1 for numbers that
    are mostly between them, else the lowest and the highest one."""
    if picture.dtype == np.uint8:
        return 0.0, 255.0
    values = picture.ravel()
    values = values[np.isfinite(values)] if picture.dtype.kind == "f" else values
    if not values.size or picture.dtype.kind == "b":
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    if low >= -1 and high <= 2:
        few = values[:: math.ceil(values.size / SAMPLES_COUNT)]
        inside = np.mean((few > -0.1) & (few < 1.1))
        if inside > 0.8 and high > 0.1:
            return 0.0, 1.0
    return low, high


def pixels(picture: Array, window: Window) -> NDArray[np.uint8]:
    """Return the shades of a picture, at most MAX_SIDE wide and high."""
    step = math.ceil(max(picture.shape[:2]) / MAX_SIDE)
    shown = picture[::step, ::step]
    if shown.dtype == np.uint8 and window == (0, 255):
        return _enlarged(shown)
    low, high = window
    values = np.nan_to_num(shown.astype(np.float64), nan=low, posinf=high, neginf=low)
    spread = high - low if high > low else 1.0
    scaled = (values - low) / spread
    shades: NDArray[np.uint8] = np.round(np.clip(scaled, 0, 1) * 255).astype(np.uint8)
    return _enlarged(shades)


def _enlarged(shades: NDArray[np.uint8]) -> NDArray[np.uint8]:
    times = max(MIN_SIDE // max(shades.shape[:2]), 1)
    return shades.repeat(times, axis=0).repeat(times, axis=1)


def psnr(picture: Array, reference: Array, peak: float) -> float | None:
    """Return the peak signal-to-noise ratio in dB, infinite for equal pictures; None if they differ
    in shape, or if some value is not finite."""
    if picture.shape != reference.shape or not peak > 0:
        return None
    error = float(np.mean(np.square(picture.astype(np.float64) - reference)))
    if not math.isfinite(error):
        return None
    return math.inf if error == 0 else 10 * math.log10(peak**2 / error)


def loaded(path: Path) -> dict[str, Array]:
    """Return the arrays in a NumPy file by name.

    Raises:
        Exception: of any kind, from NumPy.
    """
    found = np.load(path, allow_pickle=False)
    if isinstance(found, np.ndarray):
        return {"": found}
    with found:
        if sum(member.file_size for member in found.zip.infolist()) > MAX_ANSWER_BYTES:
            raise ValueError("they are too large")
        return {name: found[name] for name in found.files}


def picture_in(path: str | None) -> Array | None:
    """Return the picture in a NumPy file, or in an image file; None if there is none."""
    if not path:
        return None
    try:
        if path.lower().endswith((".npy", ".npz")):
            return as_picture(next(iter(loaded(Path(path)).values())))
        with Image.open(path) as image:
            return np.asarray(image.convert("L" if image.mode in ("1", "L") else "RGB"))
    except Exception:  # A visitor's file can be anything, and these libraries raise anything.
        return None


def scaled_like(picture: Array, other: Array) -> Array:
    """Return a picture of bytes from 0 to 1 if the other one consists of fractions."""
    if picture.dtype == np.uint8 and other.dtype.kind == "f":
        fractions: Array = picture / np.float32(255)
        return fractions
    return picture


def array_text(value: str) -> str:
    """Return nested lists as JSON: those in a NumPy file, if it is the path of one, else the text
    itself. Empty for a file that is not valid."""
    if not value.endswith((".npy", ".npz")):
        return value
    try:
        return json.dumps(next(iter(loaded(Path(value)).values())).tolist())
    except Exception:  # An author's file can be anything, and NumPy raises anything.
        return ""
