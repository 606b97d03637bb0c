"""The network, and how to reconstruct pictures with it."""

import torch
from deepaas.model.v2 import run
from torch import nn
from torch.fft import irfft2, rfft2
from torch.nn.functional import avg_pool2d, pad

from .physics import Blurred, Masked

STEPS = 12
"""Steps of `deblurred`."""

ROUGH = 0.2
"""Level of noise that its first step removes. The last one removes that of the measurement."""


class Network(nn.Module):
    """A small U-Net for noisy pictures with missing pixels."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.first = _stage(3, width)
        self.down = nn.Sequential(
            nn.Conv2d(width, 2 * width, 2, stride=2), *_stage(2 * width, 2 * width)
        )
        self.deep = nn.Sequential(
            nn.Conv2d(2 * width, 2 * width, 2, stride=2), *_stage(2 * width, 2 * width)
        )
        self.up = nn.ConvTranspose2d(2 * width, 2 * width, 2, stride=2)
        self.middle = nn.Sequential(
            *_stage(2 * width, 2 * width), nn.ConvTranspose2d(2 * width, width, 2, stride=2)
        )
        self.last = nn.Sequential(*_stage(width, width), nn.Conv2d(width, 1, 3, padding=1))

    def forward(self, y: torch.Tensor, mask: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
        """Return pictures of the shape of `y`.

        Args:
            y: pictures (B, 1, H, W), 0 where a pixel is missing.
            mask: 1 where it is not; broadcasts to `y`.
            sigma: standard deviation of the noise, a number or (B, 1, 1, 1).
        """
        height, width = y.shape[-2:]
        mask = mask.expand_as(y)
        y = _filled(y, mask)
        given = torch.cat([y, mask, sigma.expand_as(y)], dim=1)
        fine = self.first(pad(given, (0, -width % 4, 0, -height % 4), "replicate"))
        middle = self.down(fine)
        found = self.last(fine + self.middle(middle + self.up(self.deep(middle))))
        return y + found[..., :height, :width]


def _stage(channels_in: int, channels_out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(channels_out, channels_out, 3, padding=1),
        nn.ReLU(),
    )


def _filled(y: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Return pictures in which missing pixels have the mean of those around them that are known."""
    near, wide = (
        avg_pool2d(y * mask, size, 1, size // 2) / avg_pool2d(mask, size, 1, size // 2).clamp(1e-6)
        for size in (3, 15)
    )
    alone = avg_pool2d(mask, 3, 1, 1) == 0
    return torch.where(mask > 0, y, torch.where(alone, wide, near))


def reconstruct(network: Network, y: torch.Tensor, physics: Masked | Blurred) -> torch.Tensor:
    """Return the pictures that were measured, from 0 to 1, of the shape of `y`."""
    network.eval()
    with torch.inference_mode():
        if isinstance(physics, Blurred):
            return deblurred(network, y, physics).clamp(0, 1)
        sigma = y.new_tensor(physics.sigma)
        return network(y * physics.mask, physics.mask, sigma).clamp(0, 1)


def deblurred(network: Network, y: torch.Tensor, physics: Blurred) -> torch.Tensor:
    """Alternate between fitting the measurement and removing noise.

    Half-quadratic splitting with a denoiser: https://arxiv.org/abs/2008.13751
    """
    kernel = physics.spectrum(y)
    measured = kernel.conj() * rfft2(y)
    level = max(physics.sigma, 0.005)
    nothing_missing = torch.ones_like(y)
    x = y
    for step in range(STEPS):
        sigma = ROUGH * (level / ROUGH) ** (step / (STEPS - 1))
        weight = 0.25 * (level / sigma) ** 2
        fitted = (measured + weight * rfft2(x)) / (kernel.abs() ** 2 + weight)
        x = network(irfft2(fitted, s=y.shape[-2:]), nothing_missing, y.new_tensor(sigma))
        run.progress(step + 1, STEPS, f"noise level {sigma:.3f}")
    return x
