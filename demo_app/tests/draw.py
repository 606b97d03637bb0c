"""Draws digits with a shaky hand, as a photo of a pen on paper. None of them is ever trained on.

python demo_app/tests/draw.py docs/images/seven.png    (from the repository's folder)
"""

import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Points = NDArray[np.float64]
Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Pen:
    """How a digit is drawn.

    Attributes:
        size: width and height of the picture, in pixels.
        centre: of the digit, as shares of width and height.
        height: of the digit, as a share of the picture's height.
        width: of the stroke, as a share of the digit's height.
        slant: to the right per unit of height.
        shake: how far the hand strays, as a share of the digit's height.
        ink, paper: RGB, 0..255.
        shade: how much darker the paper is in one corner, in levels.
        grain: standard deviation of the noise, in levels.
    """

    size: tuple[int, int] = (480, 640)
    centre: tuple[float, float] = (0.5, 0.5)
    height: float = 0.5
    width: float = 0.07
    slant: float = 0.1
    shake: float = 0.02
    ink: Colour = (28, 40, 110)
    paper: Colour = (246, 242, 230)
    shade: float = 40.0
    grain: float = 3.0

    def inverted(self) -> "Pen":
        """Chalk on a blackboard: ink and paper exchanged."""
        return replace(self, ink=self.paper, paper=(30, 42, 38), shade=-30.0)


def _arc(x: float, y: float, rx: float, ry: float, start: float, stop: float) -> Points:
    """Part of an ellipse; angles in degrees, 0 to the right, 90 down."""
    angle = np.radians(np.linspace(start, stop, 24))
    return np.stack([x + rx * np.cos(angle), y + ry * np.sin(angle)], axis=1)


def _line(*corners: tuple[float, float]) -> Points:
    return np.array(corners, dtype=np.float64)


def strokes(digit: int) -> list[Points]:
    """The strokes of a digit, each a row of points (x, y), x about 0..0.6 and y 0..1 downwards."""
    match digit:
        case 0:
            return [_arc(0.3, 0.5, 0.28, 0.5, -80, 290)]
        case 1:
            return [_line((0.1, 0.22), (0.34, 0.0), (0.32, 1.0))]
        case 2:
            bow = _arc(0.29, 0.26, 0.26, 0.26, 190, 385)
            return [np.concatenate([bow, _line((0.38, 0.6), (0.03, 0.97), (0.6, 0.96))])]
        case 3:
            upper = _arc(0.26, 0.25, 0.25, 0.25, 205, 440)
            return [np.concatenate([upper, _arc(0.25, 0.73, 0.29, 0.27, 275, 510)])]
        case 4:
            return [_line((0.32, 0.0), (0.02, 0.62), (0.6, 0.62)), _line((0.46, 0.34), (0.42, 1.0))]
        case 5:
            belly = _arc(0.24, 0.68, 0.3, 0.31, 240, 500)
            return [np.concatenate([_line((0.52, 0.02), (0.12, 0.0), (0.08, 0.45)), belly])]
        case 6:
            loop = _arc(0.3, 0.72, 0.25, 0.27, 180, 540)
            return [np.concatenate([_line((0.45, 0.0), (0.2, 0.3), (0.06, 0.6)), loop])]
        case 7:
            return [_line((0.0, 0.03), (0.56, 0.0), (0.36, 0.45), (0.22, 1.0))]
        case 8:
            upper = _arc(0.3, 0.24, 0.22, 0.24, 70, -270)
            return [np.concatenate([upper, _arc(0.29, 0.73, 0.27, 0.27, -85, 265)])]
        case 9:
            loop = _arc(0.28, 0.27, 0.25, 0.27, 0, -350)
            return [np.concatenate([loop, _line((0.53, 0.3), (0.5, 0.65), (0.4, 1.0))])]
    raise ValueError(f"{digit} is not a digit")


def photograph(digit: int, pen: Pen, seed: int) -> Image.Image:
    """A picture, RGB, of `digit` written by hand; the same arguments give the same picture."""
    random = np.random.default_rng(seed)
    wide, high = pen.size
    tall = pen.height * high
    cover = np.zeros((high, wide), dtype=np.float32)
    for stroke in strokes(digit):
        path = _by_hand(stroke, pen, random)
        points = np.array([pen.centre[0] * wide, pen.centre[1] * high]) + path * tall
        # The pen presses harder here and lighter there.
        radius = 0.5 * pen.width * tall * (1 + 0.2 * _wander(len(points), random))
        for (x, y), r in zip(points, np.maximum(radius, 0.6), strict=True):
            _dab(cover, float(x), float(y), float(r))
    rows, columns = np.mgrid[0 : 1 : high * 1j, 0 : 1 : wide * 1j]
    light = pen.shade * (rows * 0.6 + columns * 0.4) ** 1.5
    sheet = np.array(pen.paper, dtype=np.float32) - light[..., None]
    # Ink never covers quite evenly.
    cover *= np.clip(0.93 + 0.05 * random.standard_normal(cover.shape), 0, 1)
    picture = sheet + cover[..., None] * (np.array(pen.ink) - sheet)
    picture += random.normal(0, pen.grain, cover.shape)[..., None]
    image = Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))
    return image.filter(ImageFilter.GaussianBlur(0.6))


def _by_hand(stroke: Points, pen: Pen, random: np.random.Generator) -> Points:
    """Round the corners, let the line wander, slant it; centred on the digit's middle."""
    steps = np.r_[0, np.cumsum(np.hypot(*np.diff(stroke, axis=0).T))]
    at = np.linspace(0, steps[-1], 600)
    path = np.stack([np.interp(at, steps, stroke[:, axis]) for axis in (0, 1)], axis=1)
    kernel = np.hanning(41) / np.hanning(41).sum()
    padded = np.pad(path, ((20, 20), (0, 0)), mode="edge")
    path = np.stack([np.convolve(padded[:, axis], kernel, "valid") for axis in (0, 1)], axis=1)
    path += pen.shake * np.stack([_wander(600, random), _wander(600, random)], axis=1)
    path -= [0.3, 0.5]
    path[:, 0] -= pen.slant * path[:, 1]
    return path


def _wander(count: int, random: np.random.Generator) -> Points:
    """A smooth random line of standard deviation 1 around 0."""
    at = np.linspace(0, 2 * np.pi, count)
    waves = [
        random.normal() * np.sin(k * at + random.uniform(0, 2 * np.pi)) / k for k in range(1, 7)
    ]
    line: Points = np.sum(waves, axis=0)
    line -= line.mean()
    line /= max(float(line.std()), 1e-9)
    return line


def _dab(cover: NDArray[np.float32], x: float, y: float, radius: float) -> None:
    """Cover a soft-edged disc with ink."""
    top, left = max(0, int(y - radius - 2)), max(0, int(x - radius - 2))
    part = cover[top : int(y + radius + 3), left : int(x + radius + 3)]
    rows, columns = np.ogrid[top : top + part.shape[0], left : left + part.shape[1]]
    disc = np.clip(radius + 0.5 - np.hypot(rows - y, columns - x), 0, 1)
    np.maximum(part, disc, out=part)


def main() -> None:
    """Write the photo of a seven that the README calls the model with."""
    pen = Pen(centre=(0.56, 0.43), height=0.42, width=0.075, slant=0.08)
    photograph(7, pen, seed=3).save(Path(sys.argv[1]), optimize=True)


if __name__ == "__main__":
    main()
