"""The annotated picture: what was found, where, and how sure the network is."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from demo_app.images import Digit, Floats, grid_image

_HEIGHT = 480
_PANEL = 320
_MARGIN = 20
_ROW = 34
_GRID_SIDE = 88
_BACKGROUND = "#ffffff"
_TEXT = "#1d2733"
_BAR = "#a9bdd3"
_BEST = "#1769c0"
_BOX = "#e4572e"
_CELL = 60
_COLUMNS = 10


def annotate(
    digit: Digit, names: Sequence[str], probabilities: Sequence[float], caption: str
) -> Image.Image:
    """Draw the picture with the digit's box, and beside it a bar per digit.

    Args:
        digit: what was found.
        names: ten names, of the digits 0 to 9.
        probabilities: ten numbers 0..1.
        caption: a line to write under the picture; may be empty.

    Returns:
        RGB, 480 pixels high without the caption.
    """
    scale = min((_HEIGHT - 2 * _MARGIN) / digit.picture.height, 640 / digit.picture.width)
    wide = max(1, round(digit.picture.width * scale))
    high = max(1, round(digit.picture.height * scale))
    panel = max(_MARGIN * 2 + wide, 120)
    sheet = Image.new("RGB", (panel + _PANEL, _HEIGHT + (36 if caption else 0)), _BACKGROUND)
    left, top = (panel - wide) // 2, (_HEIGHT - high) // 2
    sheet.paste(digit.picture.resize((wide, high), Image.Resampling.LANCZOS), (left, top))
    pen = ImageDraw.Draw(sheet)
    box = [value * scale for value in digit.box]
    pen.rectangle(
        (left + box[0] - 4, top + box[1] - 4, left + box[2] + 4, top + box[3] + 4),
        outline=_BOX,
        width=3,
    )
    _bars(pen, panel, names, probabilities)
    sheet.paste(grid_image(digit.grid, _GRID_SIDE), (panel + 60, _HEIGHT - _GRID_SIDE - 16))
    pen.text(
        (panel + 160, _HEIGHT - _GRID_SIDE // 2 - 16),
        "as the network\nsees it",
        fill=_TEXT,
        font=ImageFont.load_default(14),
        anchor="lm",
    )
    if caption:
        _caption(pen, caption, sheet.width)
    return sheet


def contact_sheet(
    grids: Floats, labels: NDArray[np.int64], answers: NDArray[np.int64]
) -> Image.Image:
    """Draw digits beside each other, ten per row; those read wrongly get a frame and the answer.

    Args:
        grids: array (n, 8, 8), ink 0..16.
        labels: array (n,), what they are.
        answers: array (n,), what the network took them for.

    Returns:
        RGB, 600 pixels wide.
    """
    rows = -(-len(grids) // _COLUMNS)
    sheet = Image.new("RGB", (_COLUMNS * _CELL, rows * _CELL), _BACKGROUND)
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(18)
    for index, (grid, label, answer) in enumerate(zip(grids, labels, answers, strict=True)):
        left, top = index % _COLUMNS * _CELL, index // _COLUMNS * _CELL
        sheet.paste(grid_image(grid, _CELL - 12), (left + 6, top + 6))
        if answer != label:
            frame = (left + 2, top + 2, left + _CELL - 3, top + _CELL - 3)
            pen.rectangle(frame, outline=_BOX, width=4)
            pen.rectangle((left + 2, top + 2, left + 18, top + 24), fill=_BOX)
            pen.text((left + 10, top + 13), str(answer), fill=_BACKGROUND, font=font, anchor="mm")
    return sheet


def _bars(
    pen: ImageDraw.ImageDraw, left: int, names: Sequence[str], probabilities: Sequence[float]
) -> None:
    """Ten rows: name, bar, percentage; the longest bar stands out."""
    font = ImageFont.load_default(17)
    best = max(probabilities)
    for row, (name, probability) in enumerate(zip(names, probabilities, strict=True)):
        middle = 30 + row * _ROW
        colour = _BEST if probability == best else _BAR
        pen.text((left + 50, middle), _fit(name, font, 60), fill=_TEXT, font=font, anchor="rm")
        pen.rectangle(
            (left + 60, middle - 10, left + 62 + round(170 * probability), middle + 10), fill=colour
        )
        pen.text(
            (left + 70 + round(170 * probability), middle),
            f"{probability:.0%}",
            fill=_TEXT,
            font=font,
            anchor="lm",
        )


def _caption(pen: ImageDraw.ImageDraw, caption: str, width: int) -> None:
    font = ImageFont.load_default(20)
    line = _fit(" ".join(caption.split()), font, width - 2 * _MARGIN)
    pen.text((width // 2, _HEIGHT + 14), line, fill=_TEXT, font=font, anchor="mm")


def _fit(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    """As much of the one line `text` as fits `width` pixels."""
    text = text.replace("\n", " ")
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "...") > width:
        text = text[:-1]
    return text + "..."
