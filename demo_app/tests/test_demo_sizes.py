"""What strangers say of the size of their files costs nothing: the bytes count."""

import io
import itertools
import struct
import wave
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from demo_app.fit import CheckpointError
from demo_app.images import ImageError, read_digit
from demo_app.media import duration_of, duration_seconds
from numpy.typing import NDArray
from PIL import Image

from demo_app import checkpoint, images

UNKNOWN = b"\xff\xff\xff\xff"


@pytest.mark.parametrize("size", [(1, 1_000_000), (1_000_000, 1), (65_000, 4), (768, 1), (330, 10)])
def test_a_narrow_picture_is_refused(size: tuple[int, int], tmp_path: Path) -> None:
    Image.new("L", size).save(tmp_path / "narrow.png")
    with pytest.raises(ImageError, match="more than 32 times as long as it is wide"):
        read_digit(tmp_path / "narrow.png")


def test_one_that_is_just_not_too_narrow_is_read(tmp_path: Path) -> None:
    strip = Image.new("L", (3200, 100), 255)
    strip.paste(0, (1500, 20, 1530, 80))
    strip.save(tmp_path / "strip.png")
    assert read_digit(tmp_path / "strip.png").picture.size == (768, 24)


def test_a_large_picture_of_16_bits_is_never_there_as_floats(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    levels = np.zeros((4000, 3000), np.uint16)
    levels[1000:3000, 1300:1600] = 60_000
    Image.fromarray(levels).save(tmp_path / "scan.png")
    sizes = []
    whole = images._shrunk

    def noted(array: NDArray[np.uint16]) -> images.Floats:
        shrunk = whole(array)
        sizes.append(shrunk.shape)
        return shrunk

    monkeypatch.setattr(images, "_shrunk", noted)
    digit = read_digit(tmp_path / "scan.png")
    assert sizes == [(2000, 1500)]
    assert digit.polarity == "light-on-dark"
    assert np.allclose(digit.box, (250, 192, 307, 576), atol=4)


def _wav(path: Path, frames: int, riff: bytes | None = None, data: bytes | None = None) -> Path:
    """A WAV file of 8,000 frames of two bytes per second, with other sizes in its headers."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(2 * frames))
    content = bytearray(path.read_bytes())
    content[4:8] = riff or content[4:8]
    content[40:44] = data or content[40:44]
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("data", "seconds"),
    [
        (UNKNOWN, 0.5),  # As ffmpeg writes it into a pipe.
        (struct.pack("<I", 10_000_000), 0.5),
        (struct.pack("<I", 4000), 0.25),  # Something else stands behind the samples.
        (struct.pack("<I", 8000), 0.5),
    ],
)
def test_the_samples_that_are_there_are_counted(
    data: bytes, seconds: float, tmp_path: Path
) -> None:
    assert duration_seconds(_wav(tmp_path / "a.wav", 4000, UNKNOWN, data)) == seconds


def test_an_mp4_whose_header_says_that_it_does_not_know_has_no_duration(tmp_path: Path) -> None:
    for version, times in ((0, ">IIII"), (1, ">IQQI")):
        told = struct.pack(times, version << 24, 0, 0, 1000) + UNKNOWN * (1 + version)
        header = struct.pack(">I4s", 8 + len(told), b"mvhd") + told
        (tmp_path / "a.mp4").write_bytes(struct.pack(">I4s", 8 + len(header), b"moov") + header)
        assert duration_seconds(tmp_path / "a.mp4") is None


def test_of_a_recording_of_very_many_parts_few_are_looked_at(tmp_path: Path) -> None:
    for name, head, part in (
        ("a.wav", b"RIFF\0\0\0\0WAVE", b"junk\0\0\0\0"),
        ("a.mp4", b"", b"\0\0\0\x08free"),
    ):
        path = tmp_path / name
        path.write_bytes(head + part * 2_000_000)
        with Counted(io.FileIO(path)) as file:
            assert duration_of(file) is None
        assert Counted.reads < 5000


class Counted(io.BufferedReader):
    """A file that counts how often it is read."""

    reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        Counted.reads += 1
        return super().read(size)


def test_a_compressed_checkpoint_is_not_unpacked(tmp_path: Path) -> None:
    torch.save({"format": "demo_app checkpoint 1", "x": torch.zeros(1_000_000)}, tmp_path / "a.pt")
    with (
        zipfile.ZipFile(tmp_path / "a.pt") as plain,
        zipfile.ZipFile(tmp_path / "b.pt", "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in plain.namelist():
            packed.writestr(name, plain.read(name))
    assert (tmp_path / "b.pt").stat().st_size < 50_000
    with pytest.raises(CheckpointError, match="is not compressed"):
        checkpoint.load(tmp_path / "b.pt")
    for broken in itertools.chain(range(0, 4000, 400), [1]):
        (tmp_path / "c.pt").write_bytes((tmp_path / "b.pt").read_bytes()[:broken])
        with pytest.raises(CheckpointError):
            checkpoint.load(tmp_path / "c.pt")
