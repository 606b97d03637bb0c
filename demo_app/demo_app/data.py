"""The data set: 1,797 digits of 13 people (UCI optical digits), shipped with scikit-learn."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

from demo_app.images import GRID, INK_MAX, PEN_WIDTH, Floats, to_grid

Labels = NDArray[np.int64]

# The set is in the order of the writers: its last part comes from people of whom the rest shows
# little, which is harder, and closer to a stranger's drawing, than a shuffled split.
HELD_BACK = 360

_CANVAS = 48
_DISTORTED_PER_SKETCH = 20


@dataclass(frozen=True)
class Digits:
    """Samples of the data set.

    Attributes:
        grids: float32 array (n, 8, 8), ink 0..16.
        labels: int64 array (n,), 0..9.
    """

    grids: Floats
    labels: Labels

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: NDArray[np.int64]) -> "Digits":
        """The samples at `indices`, array (k,)."""
        return Digits(self.grids[indices], self.labels[indices])


def load_split() -> tuple[Digits, Digits]:
    """The samples for training (1,437) and those held back for the final figure (360)."""
    # Imported here because it takes 65 MB and almost a second, and predictions do not need it.
    from sklearn.datasets import load_digits

    bunch = load_digits()
    grids, labels = bunch.images.astype(np.float32), bunch.target.astype(np.int64)
    return (
        Digits(grids[:-HELD_BACK], labels[:-HELD_BACK]),
        Digits(grids[-HELD_BACK:], labels[-HELD_BACK:]),
    )


def augment(
    digits: Digits,
    copies: int,
    random: np.random.Generator,
    between: Callable[[], None] = lambda: None,
) -> Digits:
    """The digits followed by `copies` distorted versions of each.

    The distorted ones pass through `to_grid` as a photo does, so that the network knows what comes
    out of it. One sketched 1 and one sketched 7 per twenty of them are added.

    Args:
        between: called before each digit is drawn; what it raises ends the work.
    """
    grids = []
    for _ in range(copies):
        for grid in digits.grids:
            between()
            grids.append(distort(grid, random))
    sketched = np.tile([1, 7], len(grids) // _DISTORTED_PER_SKETCH)
    for digit in sketched:
        between()
        grids.append(sketch(int(digit), random))
    return Digits(
        np.concatenate([digits.grids, np.array(grids, dtype=np.float32).reshape(-1, GRID, GRID)]),
        np.concatenate([np.tile(digits.labels, copies + 1), sketched]),
    )


def augmented(count: int, copies: int) -> int:
    """How many digits `augment` makes of `count`."""
    return count * (copies + 1) + 2 * (count * copies // _DISTORTED_PER_SKETCH)


def distort(grid: Floats, random: np.random.Generator) -> Floats:
    """Write the digit anew with another hand: turned, slanted, stretched, bent, with another pen.

    Args:
        grid: array (8, 8), ink 0..16.

    Returns:
        float32 array (8, 8), ink 0..16.
    """
    large = enlarge(grid, _CANVAS)
    turn, slant = random.normal(0, 0.12), random.normal(0, 0.18)
    matrix = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    matrix = matrix @ np.array([[1, 0], [slant, 1]]) @ np.diag(np.exp(random.normal(0, 0.12, 2)))
    bend = random.normal(0, 1, (2, _CANVAS, _CANVAS))
    bend = ndimage.gaussian_filter(bend, (0, 7, 7))
    bend *= random.uniform(0, 2.2) / bend.std()
    centre = (_CANVAS - 1) / 2
    where = np.indices((_CANVAS, _CANVAS)) - centre
    source = np.tensordot(matrix, where, axes=1) * 1.25 + centre + bend
    ink = ndimage.map_coordinates(large, source, order=1) > random.uniform(0.4, 0.6) * INK_MAX
    rows, columns = np.nonzero(ink)
    if not rows.size:
        return grid
    cut = ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    # Half keep their own pen: the data set has much thicker ones than `to_grid` draws with.
    own_pen = random.random() < 0.5
    return to_grid(cut, None if own_pen else PEN_WIDTH * float(np.exp(random.normal(0, 0.15))))


def sketch(digit: int, random: np.random.Generator) -> Floats:
    """A 1 or a 7 of a few straight lines, as float32 array (8, 8), ink 0..16.

    The 13 people of the data set nearly all cross their 7, and few begin the 1 with a short
    upstroke: what others write would be taken for one another.
    """
    lean = random.uniform(-0.05, 0.25)
    foot = (0.4, 0.95)
    if digit == 1:
        head = (0.4 + lean, 0.05)
        upstroke = (head[0] - random.uniform(0, 0.3), head[1] + random.uniform(0.05, 0.35))
        lines = [[upstroke, head, foot]]
        if random.random() < 0.25:
            half = random.uniform(0.1, 0.25)
            lines.append([(foot[0] - half, foot[1]), (foot[0] + half, foot[1])])
    else:
        corner = (0.55 + lean, 0.05 + random.uniform(0, 0.06))
        lines = [[(corner[0] - random.uniform(0.35, 0.6), 0.05), corner, foot]]
        if random.random() < 0.2:
            lines.append([(0.3 + lean / 2, 0.5), (0.7 + lean / 2, 0.5)])
    canvas = Image.new("L", (2 * _CANVAS, 2 * _CANVAS))
    pen = ImageDraw.Draw(canvas)
    for line in lines:
        shaken = np.array(line) * _CANVAS + random.normal(0, 1, (len(line), 2)) + _CANVAS / 2
        pen.line([(float(x), float(y)) for x, y in shaken], fill=1, width=4, joint="curve")
    ink = np.asarray(canvas)
    rows, columns = np.nonzero(ink)
    return to_grid(ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1])


def enlarge(grid: Floats, side: int) -> Floats:
    """The grid (8, 8) as a smooth picture (side, side), ink 0..16."""
    image = Image.fromarray(grid).resize((side, side), Image.Resampling.BICUBIC)
    return np.clip(np.asarray(image, dtype=np.float32), 0, INK_MAX)
