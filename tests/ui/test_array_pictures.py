"""What of an array is shown as a picture, in which shades, and how alike two are."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from deepaas.client.description import Argument, TensorForm
from deepaas.ui.array_pictures import (
    MAX_SIDE,
    MIN_SIDE,
    as_picture,
    picture_in,
    pixels,
    psnr,
    scaled_like,
    window_of,
)
from deepaas.ui.input_values import read, sent_picture, takes_pictures


@pytest.mark.parametrize(
    ("shape", "shown"),
    [
        ((5, 4), (5, 4)),
        ((5, 4, 3), (5, 4, 3)),
        ((5, 4, 1), (5, 4)),
        ((3, 5, 6), (5, 6, 3)),
        ((1, 5, 6), (5, 6)),
        ((2, 5, 6), (5, 6)),
        ((3, 4, 3), (3, 4, 3)),
        ((7, 3, 4, 3), (4, 3, 3)),
        ((7, 1, 5, 4), (5, 4)),
        ((7, 5, 4, 3), (5, 4, 3)),
        ((5,), None),
        ((1, 9), None),
        ((6, 5, 7), None),
        ((2, 6, 5, 7), None),
        ((0, 1, 5, 4), None),
        ((1, 1, 1, 5, 4), None),
    ],
)
def test_shapes(shape: tuple[int, ...], shown: tuple[int, ...] | None) -> None:
    found = as_picture(np.zeros(shape, np.float32))
    assert (None if found is None else found.shape) == shown


def test_complex_numbers_and_two_channels_are_magnitudes() -> None:
    whole = np.full((2, 2), 3 + 4j, np.complex64)
    assert as_picture(whole) == pytest.approx(np.full((2, 2), 5))
    assert as_picture(np.stack([whole.real, whole.imag])) == pytest.approx(np.full((2, 2), 5))


@pytest.mark.parametrize(
    ("values", "window"),
    [
        (np.array([0, 9], np.uint8), (0, 255)),
        (np.array([True, False]), (0, 1)),
        ([0.1, 0.8, 1.05, -0.02], (0, 1)),
        ([-3.0, 5, np.nan, np.inf], (-3, 5)),
        ([0, 700], (0, 700)),
        ([0, 0.001], (0, 0.001)),
        ([np.nan], (0, 1)),
    ],
)
def test_windows(values: Any, window: tuple[float, float]) -> None:
    assert window_of(np.asarray([values])) == pytest.approx(window)


def shades(picture: Any, window: tuple[float, float]) -> Any:
    """Of the picture before its pixels are repeated."""
    found = pixels(picture, window)
    times = len(found) // len(picture)
    assert found.shape == (len(picture) * times, len(picture[0]) * times)
    assert MIN_SIDE / 2 < max(found.shape) <= MIN_SIDE
    return found[::times, ::times].tolist()


def test_shades() -> None:
    values = np.array([[-1.0, 0, 1], [3, np.nan, -np.inf]])
    assert shades(values, (-1, 3)) == [[0, 64, 128], [255, 0, 0]]
    assert shades(np.full((2, 2), 7.0), (7, 7)) == [[0, 0], [0, 0]]
    assert shades(np.array([[6.5, 5]]), (5, 1)) == [[255, 0]]
    assert shades(np.array([[7, 9]], np.uint8), (0, 255)) == [[7, 9]]
    assert max(pixels(np.zeros((5000, 3)), (0, 1)).shape) <= MAX_SIDE


def test_quality() -> None:
    reference = np.zeros((4, 4))
    assert psnr(reference + 0.1, reference, 1) == pytest.approx(20)
    assert psnr(reference, reference, 1) == math.inf
    assert psnr(reference, np.zeros((4, 5)), 1) is None
    assert psnr(reference * np.nan, reference, 1) is None
    assert scaled_like(np.full((2, 2), 255, np.uint8), reference).max() == 1


def test_pictures_in_files(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros((1, 1, 5, 4)))
    np.savez(tmp_path / "a.npz", first=np.zeros((5, 4)))
    Image.new("RGB", (4, 5)).save(tmp_path / "a.png")
    (tmp_path / "a.pt").write_bytes(b"PK")
    (tmp_path / "broken.npy").write_bytes(b"\x93NUMPY")
    np.save(tmp_path / "objects.npy", np.array([None]), allow_pickle=True)
    shapes = {
        path.name: getattr(picture_in(str(path)), "shape", None) for path in tmp_path.iterdir()
    }
    assert shapes == {
        "a.npy": (5, 4),
        "a.npz": (5, 4),
        "a.png": (5, 4, 3),
        "a.pt": None,
        "broken.npy": None,
        "objects.npy": None,
    }
    assert picture_in(None) is None


def tensor(dtype: str, *shape: int) -> Argument:
    return Argument("y", "tensor", tensor=TensorForm(dtype, shape))


@pytest.mark.parametrize(
    ("argument", "shape"),
    [
        (tensor("uint8", 99, 99), (5, 4)),
        (tensor("uint8", -1, -1, 3), (5, 4, 3)),
        (tensor("float32", 3, -1, -1), (3, 5, 4)),
        (tensor("float32", 1, -1, -1), (1, 5, 4)),
        (tensor("float32", -1, 3, -1, -1), (1, 3, 5, 4)),
        (tensor("float32", -1, 1, -1, -1), (1, 1, 5, 4)),
        (tensor("float64", 1, -1, -1, -1), (1, 3, 5, 4)),
        (tensor("float16", -1, 99), (5, 4)),
    ],
)
def test_pictures_for_tensors(argument: Argument, shape: tuple[int, ...], tmp_path: Path) -> None:
    path = tmp_path / "white.png"
    Image.new("RGB", (4, 5), "white").save(path)
    assert takes_pictures(argument)
    sent = read([argument], [str(path)])["y"]
    (tmp_path / "sent.npy").write_bytes(sent.content)
    array = np.load(tmp_path / "sent.npy")
    assert (array.dtype, array.shape) == (argument.tensor.dtype, shape)  # type: ignore[union-attr]
    assert array.min() == (255 if array.dtype == np.uint8 else 1)


@pytest.mark.parametrize(
    "argument",
    [
        tensor("complex64", -1, 1, -1, -1),
        tensor("int64", -1, -1),
        tensor("float32", -1, 2, -1, -1),
        tensor("float32", 5, 5, 5),
        tensor("float32", 8, 3, -1, -1),
    ],
)
def test_no_pictures_for_others(argument: Argument) -> None:
    assert not takes_pictures(argument)


def test_what_was_sent() -> None:
    arguments = [Argument("top", "integer"), tensor("float32", 3, -1, -1)]
    assert sent_picture(arguments, [3, "/tmp/a.npy"]) == "/tmp/a.npy"
    assert sent_picture(arguments, [3, None]) is None
    assert sent_picture([Argument("image", "file")], ["/tmp/a.png"]) == "/tmp/a.png"
    assert sent_picture([tensor("float32", 2, 2)], ["[[1, 2], [3, 4]]"]) is None
