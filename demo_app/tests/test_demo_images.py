"""Pictures of every make are found, brought into form, and read."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest
from demo_app.data import load_split
from demo_app.images import ImageError, UnreadableImage, read_digit, to_grid
from demo_app.network import classify
from draw import Pen, photograph
from PIL import Image, ImageDraw

from demo_app import weights

SEVEN = Path(__file__).parents[2] / "docs" / "images" / "seven.png"
PLAIN = Pen(size=(240, 320))

HANDS = {
    "plain": PLAIN,
    "thin": replace(PLAIN, width=0.02),
    "thick": replace(PLAIN, width=0.17),
    "light on dark": PLAIN.inverted(),
    "small and off centre": replace(PLAIN, centre=(0.25, 0.2), height=0.18, width=0.1),
    "no margin": replace(PLAIN, height=0.95),
    "slanted": replace(PLAIN, slant=0.28),
    "upright": replace(PLAIN, slant=-0.05),
    "bad light": replace(PLAIN, grain=12, shade=90),
    "pencil": replace(PLAIN, ink=(185, 185, 182), shade=30),
    "landscape": replace(PLAIN, size=(640, 360), centre=(0.7, 0.6)),
    "icon": replace(PLAIN, size=(28, 28), height=0.75, grain=0),
}


def read(path: Path, polarity: str = "auto", rotation: int = 0) -> int:
    """The digit that the shipped weights see in the file."""
    grid = read_digit(path, polarity, rotation).grid
    return int(classify(weights.load(weights.SHIPPED), grid[None])[0].argmax())


@pytest.fixture
def five() -> Image.Image:
    return photograph(5, PLAIN, seed=1)


@pytest.mark.parametrize("hand", HANDS)
def test_drawn_digits_are_read(hand: str, tmp_path: Path) -> None:
    right = 0
    for digit in range(10):
        photograph(digit, HANDS[hand], seed=40 + digit).save(tmp_path / "digit.png")
        right += read(tmp_path / "digit.png") == digit
    assert right >= 9


def test_the_seven_of_the_readme_is_read_with_a_good_margin() -> None:
    digit = read_digit(SEVEN)
    probabilities = classify(weights.load(weights.SHIPPED), digit.grid[None])[0]
    assert probabilities.argmax() == 7
    assert probabilities[7] > 0.9
    assert digit.polarity == "dark-on-light"
    assert np.allclose(digit.box, (195, 131, 356, 423), atol=6)


def _sixteen_bits(image: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 13 + 200)


def _transparent_ink(image: Image.Image, ink: int) -> Image.Image:
    dark = 255 - np.asarray(image.convert("L"), dtype=np.int32)
    alpha = np.clip((dark - dark.min() - 60) * 3, 0, 255).astype(np.uint8)
    layer = Image.new("RGBA", image.size, (ink, ink, ink, 0))
    layer.putalpha(Image.fromarray(alpha))
    return layer


def _transparent_margin(image: Image.Image) -> Image.Image:
    sheet = Image.new("RGBA", (image.width + 200, image.height + 200), (0, 0, 0, 0))
    sheet.paste(image, (100, 100))
    return sheet


MAKES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "grey": lambda image: image.convert("L"),
    "grey with alpha": lambda image: image.convert("LA"),
    "16 bits": _sixteen_bits,
    "1 bit": lambda image: image.convert("L").point(lambda v: 255 * (v > 130)).convert("1"),
    "palette": lambda image: image.quantize(32),
    "RGBA": lambda image: image.convert("RGBA"),
    "black ink on nothing": lambda image: _transparent_ink(image, 0),
    "white ink on nothing": lambda image: _transparent_ink(image, 255),
    "paper on nothing": _transparent_margin,
}


@pytest.mark.parametrize("make", MAKES)
def test_every_kind_of_png_is_read(make: str, five: Image.Image, tmp_path: Path) -> None:
    MAKES[make](five).save(tmp_path / "five.png")
    assert read(tmp_path / "five.png") == 5


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_every_kind_of_jpeg_is_read(mode: str, five: Image.Image, tmp_path: Path) -> None:
    five.convert(mode).save(tmp_path / "five.jpg", quality=30)
    assert read(tmp_path / "five.jpg") == 5


def test_a_large_photo_is_read(tmp_path: Path) -> None:
    photograph(2, PLAIN, seed=3).resize((3000, 4000)).save(tmp_path / "two.jpg")
    digit = read_digit(tmp_path / "two.jpg")
    assert max(digit.picture.size) <= 768
    assert read(tmp_path / "two.jpg") == 2


def test_the_camera_orientation_is_obeyed(five: Image.Image, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    five.rotate(90, expand=True).save(tmp_path / "five.jpg", exif=exif)
    assert read_digit(tmp_path / "five.jpg").picture.size == five.size
    assert read(tmp_path / "five.jpg") == 5


@pytest.mark.parametrize("degrees", [90, 180, 340, -380, 10**30 - 10**30 % 360 + 90])
def test_a_turned_picture_is_turned_back(degrees: int, five: Image.Image, tmp_path: Path) -> None:
    # Turned by hand, on paper of its own colour.
    paper = five.getpixel((3, 3))
    turned = five.rotate(-(degrees % 360), Image.Resampling.BICUBIC, expand=True, fillcolor=paper)
    turned.save(tmp_path / "five.png")
    assert read(tmp_path / "five.png", rotation=degrees) == 5


def test_the_polarity_can_be_forced(five: Image.Image, tmp_path: Path) -> None:
    five.save(tmp_path / "five.png")
    assert read_digit(tmp_path / "five.png").polarity == "dark-on-light"
    assert read(tmp_path / "five.png", "dark-on-light") == 5
    assert read_digit(tmp_path / "five.png", "light-on-dark").polarity == "light-on-dark"


def test_specks_and_the_edge_of_the_paper_are_no_ink(five: Image.Image, tmp_path: Path) -> None:
    pen = ImageDraw.Draw(five)
    pen.rectangle((0, 0, 12, five.height), fill=(40, 30, 20))
    pen.ellipse((30, 300, 33, 303), fill=(20, 20, 20))
    pen.point([(200, 20), (220, 300), (60, 40)], fill=(0, 0, 0))
    five.save(tmp_path / "five.png")
    assert read(tmp_path / "five.png") == 5


def test_the_data_sets_own_8x8_pictures_are_read(tmp_path: Path) -> None:
    _, held_back = load_split()
    right = 0
    for grid, label in zip(held_back.grids[:100], held_back.labels[:100], strict=True):
        Image.fromarray((grid * 15.9).astype(np.uint8)).save(tmp_path / "digit.png")
        right += read(tmp_path / "digit.png") == label
    assert right >= 93


def test_the_grid_is_the_data_sets() -> None:
    grid = to_grid(np.ones((100, 20), dtype=bool))
    assert grid.shape == (8, 8)
    assert grid.dtype == np.float32
    assert grid.min() == 0
    assert 12 < grid.max() <= 16
    # A bar in the middle, from top to bottom, as wide as the data set's pen.
    assert np.allclose(grid[:, :2], 0)
    assert np.allclose(grid[1:-1].sum(axis=1) / 16, 8 * 0.2, atol=0.35)


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (300, 7), (3, 2)])
def test_any_cut_gives_a_grid(shape: tuple[int, int]) -> None:
    grid = to_grid(np.ones(shape, dtype=bool))
    assert np.isfinite(grid).all()
    assert grid.max() > 0


def _blanks() -> Iterator[tuple[str, Image.Image]]:
    random = np.random.default_rng(0)
    noise = random.normal(200, 8, (200, 160)).astype(np.uint8)
    ramp = np.linspace(90, 250, 200)[:, None] + np.linspace(0, -60, 160)
    yield "white", Image.new("RGB", (200, 100), "white")
    yield "black", Image.new("L", (50, 300), 0)
    yield "one pixel", Image.new("L", (1, 1), 128)
    yield "a line", Image.new("L", (300, 10), 9)
    yield "noise", Image.fromarray(noise)
    yield "shadow", Image.fromarray(ramp.astype(np.uint8))
    yield "nothing", Image.new("RGBA", (60, 60), (0, 0, 0, 0))
    yield "16 bits", Image.fromarray(np.full((40, 40), 3000, dtype=np.uint16))


@pytest.mark.parametrize(("name", "image"), list(_blanks()), ids=lambda value: str(value)[:12])
def test_a_blank_picture_is_refused(name: str, image: Image.Image, tmp_path: Path) -> None:
    image.save(tmp_path / "blank.png")
    with pytest.raises(ImageError, match="transparent" if name == "nothing" else "blank"):
        read_digit(tmp_path / "blank.png")


@pytest.mark.parametrize("content", [b"", b"hello", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"%PDF"])
def test_what_is_no_image_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(content)
    with pytest.raises(UnreadableImage):
        read_digit(tmp_path / "x.png")


def test_other_formats_are_refused(five: Image.Image, tmp_path: Path) -> None:
    five.save(tmp_path / "five.gif")
    with pytest.raises(UnreadableImage, match="not a PNG or JPEG"):
        read_digit(tmp_path / "five.gif")


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_a_damaged_file_is_refused_or_read(suffix: str, five: Image.Image, tmp_path: Path) -> None:
    five.save(tmp_path / f"five{suffix}")
    whole = (tmp_path / f"five{suffix}").read_bytes()
    (tmp_path / "half").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UnreadableImage, match="damaged or incomplete"):
        read_digit(tmp_path / "half")
    random = Random(0)
    for _ in range(40):
        broken = bytearray(whole)
        for _ in range(4):
            broken[random.randrange(400)] = random.randrange(256)
        (tmp_path / "broken").write_bytes(broken)
        try:
            assert read_digit(tmp_path / "broken").grid.shape == (8, 8)
        except ImageError as error:
            assert str(error)


@pytest.mark.parametrize("side", [7100, 9500, 14000])
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_decompression_bomb_is_refused(side: int, tmp_path: Path) -> None:
    Image.new("1", (side, side)).save(tmp_path / "bomb.png")
    assert (tmp_path / "bomb.png").stat().st_size < 100_000
    with pytest.raises(ImageError, match="50 million pixels"):
        read_digit(tmp_path / "bomb.png")
