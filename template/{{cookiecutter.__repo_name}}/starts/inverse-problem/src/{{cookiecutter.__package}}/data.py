"""The training pictures. They are generated, so there is nothing to download.

To train on your own pictures, change `samples`.
"""

from random import Random

import numpy as np
import torch
from PIL import Image, ImageDraw

SIDE = 64
"""Width and height of the training pictures, in pixels. The network takes other sizes too."""


def samples(count: int, seed: int) -> torch.Tensor:
    """Generate pictures.

    Returns:
        float tensor (count, 1, SIDE, SIDE), from 0 to 1.
    """
    random = Random(seed)
    return torch.stack([to_tensor(draw(random)) for _ in range(count)])


def to_tensor(picture: Image.Image) -> torch.Tensor:
    """Convert a picture to a float tensor (1, H, W), from 0 to 1."""
    return torch.from_numpy(np.asarray(picture.convert("L"), dtype=np.float32) / 255)[None]


def draw(random: Random, side: int = SIDE) -> Image.Image:
    """Draw shapes and stripes over each other, in shades of grey."""
    size = side * 2
    canvas = Image.new("L", (size, size), random.randrange(256))
    for _ in range(random.randrange(8, 16)):
        shape = Image.new("L", (size, size), 0)
        _outline(ImageDraw.Draw(shape), random, size)
        canvas.paste(_filling(random, size), mask=shape)
    return canvas.resize((side, side), Image.Resampling.BOX)


def _outline(brush: ImageDraw.ImageDraw, random: Random, size: int) -> None:
    radius = size * random.uniform(0.06, 0.3)
    x, y = (random.uniform(0, size) for _ in range(2))
    if random.random() < 0.5:
        brush.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    else:
        brush.regular_polygon(
            (x, y, radius), random.randrange(3, 6), random.uniform(0, 360), fill=255
        )


def _filling(random: Random, size: int) -> Image.Image:
    """Return a shade, or stripes of two shades."""
    shades = [random.randrange(256) for _ in range(2)]
    filling = Image.new("L", (size, size), shades[0])
    if random.random() < 0.3:
        width = random.randrange(6, 16)
        brush = ImageDraw.Draw(filling)
        for start in range(-size, 2 * size, 2 * width):
            brush.line((start, 0, start + random.choice((0, size)), size), shades[1], width)
    return filling
