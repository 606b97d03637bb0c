"""Trains the network. To create the weights in the package, run:

python -m {{ cookiecutter.__package }}.training
"""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from deepaas.model.v2 import run
from torch.nn.functional import interpolate, l1_loss

from . import data, store
from .network import Network, reconstruct
from .physics import Masked

VALIDATION_PICTURES = 64
BATCH_SIZE = 16


@dataclass(frozen=True)
class Options:
    """The arguments of `train` in api.py."""

    epochs: int = 10
    pictures: int = 1000
    learning_rate: float = 0.002
    seed: int = 1


@dataclass(frozen=True)
class Outcome:
    """The outcome of a training run.

    Attributes:
        network: in its final state.
        psnr: of the last complete epoch, in dB, on validation pictures.
        cancelled: whether it was cancelled before its end.
    """

    network: Network
    psnr: float
    cancelled: bool


def psnr(x_hat: torch.Tensor, x: torch.Tensor) -> float:
    """Return the peak signal-to-noise ratio of pictures from 0 to 1, in dB."""
    return -10 * (x_hat - x).square().mean().log10().item()


def train(options: Options, folder: Path) -> Outcome:
    """Train a network to remove noise and to fill in missing pixels.

    Args:
        folder: for the event files, which the host reads for the curves.
    """
    # Imported here because predictions do not need it.
    from torch.utils.tensorboard import SummaryWriter

    torch.manual_seed(options.seed)
    network = Network()
    known = data.samples(options.pictures, options.seed)
    unseen = data.samples(VALIDATION_PICTURES, options.seed + 1)
    optimizer = torch.optim.Adam(network.parameters(), options.learning_rate)
    steps = options.epochs * -(-len(known) // BATCH_SIZE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, options.learning_rate, steps)
    quality = 0.0
    with SummaryWriter(folder) as writer:
        for epoch in range(1, options.epochs + 1):
            network.train()
            losses = []
            for x in known[torch.randperm(len(known))].split(BATCH_SIZE):
                if run.cancelling():
                    return Outcome(network, quality, cancelled=True)
                optimizer.zero_grad()
                mask, sigma = _degradation(len(x))
                y = mask * (x + sigma * torch.randn_like(x))
                loss = l1_loss(network(y, mask, sigma), x)
                loss.backward()
                optimizer.step()
                schedule.step()
                losses.append(loss.item())
            quality = _judge(network, unseen)
            writer.add_scalar("loss/training", sum(losses) / len(losses), epoch)
            writer.add_scalar("psnr/validation", quality, epoch)
            writer.flush()
            run.progress(epoch, options.epochs, f"validation PSNR {quality:.1f} dB")
            print(f"epoch {epoch}: loss {loss.item():.4f}, PSNR {quality:.1f} dB", flush=True)
    return Outcome(network, quality, cancelled=False)


def _degradation(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Choose missing pixels and a level of noise for each picture.

    Returns:
        masks (count, 1, SIDE, SIDE), and standard deviations (count, 1, 1, 1).
    """
    # Missing pixels are alone, or in patches of 2 or 4 by 4.
    patch = int(2 ** torch.randint(3, ()).item())
    kept = torch.rand(count, 1, data.SIDE // patch, data.SIDE // patch)
    share = torch.rand(count, 1, 1, 1).clamp(0.2, 1)
    complete = torch.rand(count, 1, 1, 1) < 0.5
    mask = ((kept < share) | complete).float()
    return interpolate(mask, scale_factor=patch), 0.3 * torch.rand(count, 1, 1, 1) ** 2


def _judge(network: Network, pictures: torch.Tensor) -> float:
    """Return the PSNR for noise of a standard deviation of 0.1, in dB."""
    noise = Masked(torch.ones_like(pictures), 0.1)
    return round(psnr(reconstruct(network, noise.measure(pictures), noise), pictures), 2)


def main() -> None:
    """Create the weights in the package."""
    with TemporaryDirectory() as folder:
        outcome = train(Options(epochs=20, pictures=2400), Path(folder))
    store.save(outcome.network, store.file(store.SHIPPED))


if __name__ == "__main__":
    main()
