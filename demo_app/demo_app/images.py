"""From any photo or drawing of one digit to the 8x8 form that the network knows.

The data set (UCI optical digits) was made from 32x32 bitmaps in which the digit fills the height
and is centred in the width; each of the 8x8 cells counts its inked pixels, 0 to 16. `read_digit`
brings a picture into that form:

1. decode, turn upright, drop transparency, shrink to a working size (`open_picture`);
2. fit the paper's smooth brightness to the border and subtract it: what differs is ink, and the
   sign of the difference is the polarity (`_find_ink`);
3. threshold, keep the strokes that belong together, take their box (`_choose_strokes`);
4. bring the pen to the data set's width, pad to a square, average down to 8x8 (`to_grid`).
"""

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter, ImageOps
from scipy import ndimage

GRID = 8
INK_MAX = 16.0
MAX_PIXELS = 50_000_000
MAX_SHAPE = 32
"""How many times as long as wide a picture may be, as a narrow one is enlarged to be read."""
POLARITIES = ("auto", "dark-on-light", "light-on-dark")

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Box = tuple[int, int, int, int]

_WORK_SIDE = 768
_SMALL_SIDE = 128
_CANVAS = 64
# Measured on the data set: the pen is a fifth of the height wide, and wide digits are squeezed into
# three quarters of the square.
PEN_WIDTH = 0.2
_MAX_WIDTH = 0.75
# Wider than this it is a dash or a line of text rather than a digit, and squeezing would hide that.
_MAX_ASPECT = 1.6
_BROKEN_FILE = (
    Image.DecompressionBombError,
    EOFError,
    OSError,
    SyntaxError,
    ValueError,
    struct.error,
    zlib.error,
)


class ImageError(ValueError):
    """The picture cannot be read; the message is meant for whoever sent it."""


class UnreadableImage(ImageError):
    """The file is no PNG or JPEG, or it is broken."""


@dataclass(frozen=True)
class Digit:
    """A digit found in a picture.

    Attributes:
        picture: the upright picture, RGB, longest side at most 768 pixels.
        box: left, top, right, bottom of the digit in `picture`, in pixels.
        polarity: "dark-on-light" or "light-on-dark", as found or as asked for.
        grid: float32 array (8, 8), the amount of ink per cell, 0 to 16.
    """

    picture: Image.Image
    box: Box
    polarity: str
    grid: Floats


def read_digit(path: str | Path, polarity: str = "auto", rotation_degrees: int = 0) -> Digit:
    """Find the digit in the image file `path` and bring it into the data set's form.

    Args:
        path: a PNG or JPEG file.
        polarity: one of `POLARITIES`.
        rotation_degrees: how far to turn the picture counter-clockwise first.

    Raises:
        UnreadableImage: if the file is not a PNG or JPEG, or is broken.
        ImageError: if the picture is too large or too narrow, or shows nothing.
    """
    picture = open_picture(path)
    if rotation_degrees % 360:
        paper = tuple(int(v) for v in np.median(_border(np.asarray(picture)), axis=0))
        picture = picture.rotate(
            rotation_degrees % 360, Image.Resampling.BICUBIC, expand=True, fillcolor=paper
        )
        picture.thumbnail((_WORK_SIDE, _WORK_SIDE))
    scale = max(1.0, _SMALL_SIDE / min(picture.size))
    ink, found = _find_ink(_grey(picture, scale), polarity)
    strokes, (left, top, right, bottom) = _choose_strokes(ink)
    return Digit(
        picture=picture,
        box=(int(left / scale), int(top / scale), _up(right / scale), _up(bottom / scale)),
        polarity=found,
        grid=to_grid(strokes[top:bottom, left:right]),
    )


def open_picture(path: str | Path) -> Image.Image:
    """Decode the PNG or JPEG at `path`: upright, opaque, RGB, at most 768 pixels long.

    Raises:
        UnreadableImage: if the file is not a PNG or JPEG, or is broken.
        ImageError: if it has more than `MAX_PIXELS` pixels, or is longer than `MAX_SHAPE` widths.
    """
    try:
        image = Image.open(path, formats=("PNG", "JPEG"))
    except _BROKEN_FILE as error:
        if isinstance(error, Image.DecompressionBombError):
            raise ImageError(_too_large()) from error
        raise UnreadableImage("the file is not a PNG or JPEG image") from error
    with image:
        if image.width * image.height > MAX_PIXELS:
            raise ImageError(_too_large())
        if max(image.size) > MAX_SHAPE * min(image.size):
            raise ImageError(f"the image is more than {MAX_SHAPE} times as long as it is wide")
        try:
            # A JPEG of many megapixels is decoded at a fraction of its size, which saves time.
            image.draft("RGB", (_WORK_SIDE, _WORK_SIDE))
            image.load()
            upright = ImageOps.exif_transpose(image)
        except _BROKEN_FILE as error:
            raise UnreadableImage("the image file is damaged or incomplete") from error
        picture = _to_eight_bits(upright)
        picture.thumbnail((_WORK_SIDE, _WORK_SIDE))
        return _opaque(picture)


def to_grid(strokes: NDArray[Any], pen_width: float | None = PEN_WIDTH) -> Floats:
    """The data set's 8x8 form of a digit cut out tightly.

    Args:
        strokes: array (height, width) of any size, 1 or True on ink and 0 elsewhere.
        pen_width: the width that the strokes get, in heights of the digit; None keeps theirs.

    Returns:
        float32 array (8, 8), ink per cell, 0 to 16.
    """
    height, width = strokes.shape
    scale = _CANVAS / max(height, width)
    pen = _resize(
        strokes.astype(np.float32), max(1, round(width * scale)), max(1, round(height * scale))
    )
    if pen_width is not None:
        pen = _redraw(pen, pen_width)
    rows, columns = np.nonzero(pen > 0.5)
    cut = pen[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    cells = _fit_square(cut).reshape(GRID, _CANVAS // GRID, GRID, _CANVAS // GRID)
    grid: Floats = cells.mean(axis=(1, 3)) * INK_MAX
    return grid


def _redraw(strokes: Floats, pen_width: float) -> Floats:
    """Strokes, array (height, width), as a pen of `pen_width` heights draws them, with a margin."""
    ink = np.pad(strokes > 0.5 * strokes.max(), 16)
    inside = ndimage.distance_transform_edt(ink)
    # Across a stroke the distance to its edge rises evenly from 0 to half its width, so the mean is
    # a quarter.
    width_now = 4 * float(inside[ink].mean())
    # A wider pen also makes the digit taller: the pen is compared with the height that comes out.
    change = (pen_width * strokes.shape[0] - width_now) / (2 * (1 - pen_width))
    # Never so thin that strokes vanish.
    change = max(change, 1.5 - 0.6 * float(inside.max()))
    distance = inside - ndimage.distance_transform_edt(~ink)
    redrawn: Floats = np.clip(distance + change + 0.5, 0, 1).astype(np.float32)
    return redrawn


def grid_image(grid: Floats, side: int = 160) -> Image.Image:
    """The 8x8 form as the network sees it: a grey picture, `side` pixels long, white on black."""
    levels = np.clip(np.rint(grid * (255 / INK_MAX)), 0, 255).astype(np.uint8)
    return Image.fromarray(levels).resize((side, side), Image.Resampling.NEAREST)


def _too_large() -> str:
    return f"the image has more than {MAX_PIXELS // 1_000_000} million pixels"


def _up(value: float) -> int:
    return int(np.ceil(value))


def _to_eight_bits(image: Image.Image) -> Image.Image:
    """Any mode to RGB, or to RGBA where there is transparency."""
    if image.mode.startswith(("I", "F")):
        levels = _shrunk(np.asarray(image))
        low, high = float(levels.min()), float(levels.max())
        # Scanners put 10 or 12 bits into 16: the picture gives the range, not the format.
        return Image.fromarray(
            ((levels - low) * (255 / max(high - low, 1.0))).astype(np.uint8)
        ).convert("RGB")
    mode = "RGBA" if image.has_transparency_data else "RGB"
    return image if image.mode == mode else image.convert(mode)


def _shrunk(levels: NDArray[Any]) -> Floats:
    """A grey picture, array (height, width), as floats: a large one at a fraction of its size."""
    step = max(1, max(levels.shape) // (2 * _WORK_SIDE))
    rows, columns = (side // step for side in levels.shape)
    blocks = levels[: rows * step, : columns * step].reshape(rows, step, columns, step)
    shrunk: Floats = blocks.mean(axis=(1, 3), dtype=np.float32)
    return shrunk


def _opaque(image: Image.Image) -> Image.Image:
    """Put something sensible behind the transparent parts of an RGBA picture."""
    if image.mode != "RGBA":
        return image
    alpha = np.asarray(image.getchannel("A"))
    seen = np.asarray(image.convert("L"), dtype=np.float32)[alpha > 127]
    if not seen.size:
        raise ImageError("the image is fully transparent")
    if np.percentile(seen, 98) - np.percentile(seen, 2) > 64:
        # Paper and ink are both there: the transparent margin becomes more paper.
        backdrop = int(np.median(seen))
    else:
        # Only the ink is there: the backdrop has to stand out from it.
        backdrop = 0 if seen.mean() > 127 else 255
    sheet = Image.new("RGBA", image.size, (backdrop, backdrop, backdrop, 255))
    return Image.alpha_composite(sheet, image).convert("RGB")


def _grey(picture: Image.Image, scale: float) -> Floats:
    """Brightness 0..1 of the picture, enlarged by `scale` and slightly smoothed against noise."""
    grey = picture.convert("L")
    if scale > 1:
        size = (round(grey.width * scale), round(grey.height * scale))
        grey = grey.resize(size, Image.Resampling.BICUBIC)
    else:
        grey = grey.filter(ImageFilter.GaussianBlur(max(grey.size) / 700))
    levels: Floats = np.asarray(grey, dtype=np.float32) / np.float32(255)
    return levels


def _border(pixels: NDArray[Any]) -> NDArray[Any]:
    """The outermost pixels of an image array (height, width, ...), as one long row."""
    edge = max(1, min(pixels.shape[:2]) // 25)
    middle = pixels[edge:-edge]
    parts = (pixels[:edge], pixels[-edge:], middle[:, :edge], middle[:, -edge:])
    return np.concatenate([part.reshape(-1, *pixels.shape[2:]) for part in parts])


def _find_ink(grey: Floats, polarity: str) -> tuple[Floats, str]:
    """How much each pixel differs from the paper in the direction of the ink, and the polarity.

    Args:
        grey: array (height, width), brightness 0..1.
        polarity: one of `POLARITIES`.
    """
    darker = _paper(grey) - grey
    if polarity == "auto":
        # The cube lets few strong differences (ink) outweigh many weak ones (shadow, grain).
        polarity = "dark-on-light" if float((darker**3).sum()) >= 0 else "light-on-dark"
    return (darker if polarity == "dark-on-light" else -darker), polarity


def _paper(grey: Floats) -> Floats:
    """The brightness of the paper without the ink: a quadratic surface fitted to the border.

    It starts as the border's median; each fit sees the pixels that lie close to the last one, so
    that ink that reaches the border does not bend it.
    """
    rows, columns = np.meshgrid(
        np.linspace(-1, 1, grey.shape[0], dtype=np.float32),
        np.linspace(-1, 1, grey.shape[1], dtype=np.float32),
        indexing="ij",
    )
    ones = np.ones_like(rows)
    surface = np.stack([ones, rows, columns, rows**2, columns**2, rows * columns], axis=-1)
    # One pixel in 16 is enough for six unknowns.
    terms, values = surface[::4, ::4].reshape(-1, 6), grey[::4, ::4].ravel()
    level = float(np.median(_border(grey)))
    paper = np.full_like(values, level)
    outer = np.abs(terms[:, 1:3]).max(axis=1) > 0.9
    for _ in range(4):
        error = np.abs(values - paper)
        near = error < max(0.06, 3 * float(np.median(error[outer])))
        if near.sum() < 32:
            return np.full_like(grey, level)
        weights = np.linalg.lstsq(terms[near], values[near], rcond=None)[0]
        paper = terms @ weights
    fitted: Floats = (surface @ weights).astype(np.float32)
    return fitted


def _choose_strokes(ink: Floats) -> tuple[Mask, Box]:
    """The pixels that make up the digit, and their box (left, top, right, bottom).

    Raises:
        ImageError: if nothing stands out from the paper.
    """
    marked = ink > _threshold(ink)
    labels, count = ndimage.label(marked, structure=np.ones((3, 3)))
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    edges = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    on_edge = np.isin(np.arange(1, count + 1), edges)
    # The rim of the paper or a finger reaches the edge; a digit does only if there is nothing else.
    candidates = np.where(on_edge & (sizes[~on_edge].max(initial=0) > 0.1 * sizes), 0, sizes)
    largest = int(candidates.argmax())
    boxes = ndimage.find_objects(labels)
    main = boxes[largest]
    reach = 0.35 * max(main[0].stop - main[0].start, main[1].stop - main[1].start)
    kept = [
        index
        for index, box in enumerate(boxes)
        if candidates[index] > 0.04 * candidates[largest] and _gap(box, main) <= reach
    ]
    strokes = np.isin(labels, np.array(kept) + 1)
    rows, columns = np.nonzero(strokes)
    return strokes, (
        int(columns.min()),
        int(rows.min()),
        int(columns.max()) + 1,
        int(rows.max()) + 1,
    )


def _gap(one: tuple[slice, slice], other: tuple[slice, slice]) -> float:
    """The distance between two boxes in pixels, 0 if they overlap."""
    pairs = zip(one, other, strict=True)
    return float(max(max(a.start - b.stop, b.start - a.stop, 0) for a, b in pairs))


def _threshold(ink: Floats) -> float:
    """Halfway between the mean of the paper and the mean of the ink.

    Starting from the darkest ink, not from the middle of the histogram: a thin pen covers less than
    one pixel in a hundred.

    Raises:
        ImageError: if ink and paper cannot be told apart.
    """
    limit = 0.5 * float(np.percentile(ink, 99.9))
    paper = ink
    contrast = 0.0
    for _ in range(8):
        above, paper = ink[ink > limit], ink[ink <= limit]
        if not above.size or not paper.size:
            break
        contrast = float(above.mean() - paper.mean())
        limit = float(above.mean() + paper.mean()) / 2
    if contrast < 0.05 or contrast < 4 * float(paper.std()):
        raise ImageError("the image is blank: no digit stands out from the background")
    return limit


def _fit_square(pen: Floats) -> Floats:
    """Scale a digit to the canvas height, squeeze it if wide, centre it on the square canvas."""
    height, width = pen.shape
    aspect = width / height
    if aspect > _MAX_ASPECT:
        wide, high = _CANVAS, max(1, round(_CANVAS / aspect))
    else:
        high = _CANVAS
        wide = max(1, round(_CANVAS * min(aspect, _MAX_WIDTH)))
    canvas = np.zeros((_CANVAS, _CANVAS), dtype=np.float32)
    top, left = (_CANVAS - high) // 2, (_CANVAS - wide) // 2
    canvas[top : top + high, left : left + wide] = _resize(pen, wide, high)
    return canvas


def _resize(values: Floats, width: int, height: int) -> Floats:
    """Scale a float image, averaging where it shrinks."""
    image = Image.fromarray(values).resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(image, dtype=np.float32)
