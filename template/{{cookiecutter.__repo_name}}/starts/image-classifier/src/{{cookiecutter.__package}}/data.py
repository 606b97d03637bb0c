"""The training pictures. They are generated, so there is nothing to download.

To train on your own pictures, change `LABELS` and `samples`.
"""

import math
from random import Random

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageOps

LABELS = ("circle", "square", "star", "triangle")
SIDE = 32
"""Width and height of the network's input, in pixels."""


def samples(count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Generate pictures with their labels.

    Returns:
        float tensor (count, 3, SIDE, SIDE), and int tensor (count,): indices into `LABELS`.
    """
    random = Random(seed)
    shown = [random.randrange(len(LABELS)) for _ in range(count)]
    pictures = [to_tensor(draw(LABELS[index], random)) for index in shown]
    return torch.stack(pictures), torch.tensor(shown)


def to_tensor(picture: Image.Image) -> torch.Tensor:
    """Convert a picture to a float tensor (3, SIDE, SIDE), from -1 to 1; crop what does not fit."""
    upright = ImageOps.exif_transpose(picture).convert("RGB")
    small = np.asarray(ImageOps.fit(upright, (SIDE, SIDE)), dtype=np.float32)
    return torch.from_numpy(small).permute(2, 0, 1) / 127.5 - 1


def draw(label: str, random: Random, side: int = 64) -> Image.Image:
    """Draw a shape at a random position on a grainy background, in two contrasting colours."""
    paper = [random.randrange(256) for _ in range(3)]
    ink = paper
    while sum(abs(a - b) for a, b in zip(paper, ink, strict=True)) < 200:
        ink = [random.randrange(256) for _ in range(3)]
    size = side * 3
    canvas = Image.new("RGB", (size, size), tuple(paper))
    radius = size * random.uniform(0.25, 0.42)
    x, y = (random.uniform(radius, size - radius) for _ in range(2))
    brush = ImageDraw.Draw(canvas)
    if label == "circle":
        brush.ellipse((x - radius, y - radius, x + radius, y + radius), fill=tuple(ink))
    else:
        brush.polygon(_corners(label, x, y, radius, random.uniform(0, 360)), fill=tuple(ink))
    grain = Image.effect_noise((side, side), random.uniform(5, 40)).convert("RGB")
    return Image.blend(canvas.resize((side, side), Image.Resampling.BOX), grain, 0.15)


def _corners(
    label: str, x: float, y: float, radius: float, turn: float
) -> list[tuple[float, float]]:
    count = {"square": 4, "star": 10, "triangle": 3}[label]
    corners = []
    for corner in range(count):
        reach = radius * 0.42 if label == "star" and corner % 2 else radius
        angle = math.radians(turn + corner * 360 / count)
        corners.append((x + reach * math.cos(angle), y + reach * math.sin(angle)))
    return corners
