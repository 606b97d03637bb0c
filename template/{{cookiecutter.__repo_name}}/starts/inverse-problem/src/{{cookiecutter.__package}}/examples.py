"""Examples for the try-me page: measurements of generated pictures.

To create the picture in README.md, run:

python -m {{ cookiecutter.__package }}.examples
"""

import base64
import functools
import io
from random import Random

import numpy as np
import torch
from PIL import Image

from . import data, physics, store
from .network import reconstruct
from .physics import PHYSICS, Blurred, Masked

SEED = 3


@functools.cache
def pictures() -> torch.Tensor:
    """Generate the pictures that are measured: (3, 1, SIDE, SIDE)."""
    random = Random(SEED)
    return torch.stack([data.to_tensor(data.draw(random)) for _ in range(3)])


@functools.cache
def measurements() -> tuple[dict[str, object], ...]:
    """Arguments of `predict`, one dict per example."""
    torch.manual_seed(SEED)
    noisy, holes, blurred = pictures()[:, None]
    mask = (torch.rand(data.SIDE, data.SIDE) < 0.5).to(torch.uint8)
    kernel = torch.full((7, 7), 1 / 49)
    return (
        {
            "y": physics.denoising(noisy, 0.15).measure(noisy),
            "physics": "denoising",
            "sigma": 0.15,
        },
        {
            "y": physics.inpainting(holes, mask, 0).measure(holes),
            "physics": "inpainting",
            "mask": mask,
        },
        {
            "y": physics.blur(blurred, kernel, 0.01).measure(blurred),
            "physics": "blur",
            "filter": kernel,
        },
    )


@functools.cache
def read() -> list[dict[str, object]]:
    """Arguments of `predict`, one dict per example. Tensors are data URLs of NumPy files."""
    return [
        {
            name: _data_url(one) if isinstance(one, torch.Tensor) else one
            for name, one in each.items()
        }
        for each in measurements()
    ]


def _data_url(tensor: torch.Tensor) -> str:
    file = io.BytesIO()
    np.save(file, tensor.numpy())
    return "data:application/x-npy;base64," + base64.b64encode(file.getvalue()).decode()


def main() -> None:
    """Create the picture in README.md."""
    rows = [torch.cat([one["y"][0, 0] for one in measurements()], dim=1)]
    network = store.load(store.SHIPPED)
    found = [reconstruct(network, one["y"], built(**one))[0, 0] for one in measurements()]
    rows += [torch.cat(found, dim=1), torch.cat([*pictures()[:, 0]], dim=1)]
    shown = (torch.cat(rows).clamp(0, 1) * 255).to(torch.uint8).numpy()
    height, width = shown.shape
    picture = Image.fromarray(shown).resize((3 * width, 3 * height), Image.Resampling.NEAREST)
    picture.save("docs/reconstructions.png")


def built(y: torch.Tensor, physics: str, **parameters: object) -> Masked | Blurred:
    """Build the physics of an example."""
    return PHYSICS.build(physics, y, **parameters)


if __name__ == "__main__":
    main()
