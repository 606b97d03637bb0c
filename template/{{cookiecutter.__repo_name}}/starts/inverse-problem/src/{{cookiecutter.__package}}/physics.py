"""How measurements are made: physics by name, built from what clients send.

The names and parameters are those of DeepInverse (https://deepinv.github.io). If you install
`deepinv`, `deepaas.model.deepinv.deepinv_physics()` gives you its operators instead, and more.
"""

from dataclasses import dataclass

import torch
from deepaas.model.deepinv import PhysicsRegistry, fitting
from deepaas.model.v2 import InvalidArgument
from deepaas.model.v2.fields import Tensor
from torch.fft import irfft2, rfft2
from webargs import fields, validate


@dataclass(frozen=True)
class Masked:
    """Only the pixels where the mask is 1 are measured, with noise.

    Attributes:
        mask: broadcasts to pictures (B, 1, H, W).
        sigma: standard deviation of the noise; pictures are from 0 to 1.
    """

    mask: torch.Tensor
    sigma: float

    def measure(self, x: torch.Tensor) -> torch.Tensor:
        """Measure pictures."""
        return self.mask * (x + self.sigma * torch.randn_like(x))


@dataclass(frozen=True)
class Blurred:
    """Pictures are blurred, as if they went on at the opposite border, with noise.

    Attributes:
        filter: the kernel (h, w); its sum is 1.
        sigma: standard deviation of the noise.
    """

    filter: torch.Tensor
    sigma: float

    def measure(self, x: torch.Tensor) -> torch.Tensor:
        """Measure pictures."""
        blurred = irfft2(rfft2(x) * self.spectrum(x), s=x.shape[-2:])
        return blurred + self.sigma * torch.randn_like(x)

    def spectrum(self, x: torch.Tensor) -> torch.Tensor:
        """Return the Fourier transform of the kernel, for pictures of the size of `x`."""
        height, width = self.filter.shape
        kernel = x.new_zeros(x.shape[-2:])
        kernel[:height, :width] = self.filter
        return rfft2(kernel.roll((-(height // 2), -(width // 2)), (0, 1)))


def denoising(y: torch.Tensor, sigma: float) -> Masked:
    return Masked(torch.ones_like(y), sigma)


def inpainting(y: torch.Tensor, mask: torch.Tensor, sigma: float) -> Masked:
    return Masked(fitting("mask", mask, y).to(y.dtype), sigma)


def blur(y: torch.Tensor, filter: torch.Tensor, sigma: float) -> Blurred:
    if any(size > most for size, most in zip(filter.shape, y.shape[-2:], strict=True)):
        raise InvalidArgument("filter", "The kernel is larger than the measurement.")
    if not filter.sum() > 0:
        raise InvalidArgument("filter", "The sum of the kernel must be greater than 0.")
    return Blurred(filter / filter.sum(), sigma)


def _sigma(default: float) -> fields.Field:
    return fields.Float(
        load_default=default,
        validate=validate.Range(0, 1),
        metadata={"description": "Standard deviation of the noise"},
    )


PHYSICS = PhysicsRegistry()
PHYSICS.add("denoising", denoising, sigma=_sigma(0.1))
PHYSICS.add(
    "inpainting",
    inpainting,
    mask=Tensor(
        required=True,
        metadata={"description": "1 where a pixel was measured, 0 elsewhere: (H, W)"},
    ),
    sigma=_sigma(0),
)
PHYSICS.add(
    "blur",
    blur,
    filter=Tensor(
        "float32", (-1, -1), required=True, metadata={"description": "Blur kernel, such as (9, 9)"}
    ),
    sigma=_sigma(0.01),
)
