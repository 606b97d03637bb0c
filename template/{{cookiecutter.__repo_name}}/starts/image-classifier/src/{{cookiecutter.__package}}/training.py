"""Trains the network. To create the weights in the package, run:

python -m {{ cookiecutter.__package }}.training
"""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from deepaas.model.v2 import run
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

from . import data, store
from .network import Network

VALIDATION_PICTURES = 400


@dataclass(frozen=True)
class Options:
    """The arguments of `train` in api.py."""

    epochs: int = 10
    pictures: int = 2000
    learning_rate: float = 0.003
    seed: int = 1
    batch_size: int = 64


@dataclass(frozen=True)
class Outcome:
    """The outcome of a training run.

    Attributes:
        network: in its final state.
        accuracy: of the last complete epoch, 0 to 1, on validation pictures.
        cancelled: whether it was cancelled before its end.
    """

    network: Network
    accuracy: float
    cancelled: bool


def train(options: Options, folder: Path) -> Outcome:
    """Train a network.

    Args:
        folder: for the event files, which the host reads for the curves.
    """
    # Imported here because predictions do not need it.
    from torch.utils.tensorboard import SummaryWriter

    torch.manual_seed(options.seed)
    network = Network()
    known = TensorDataset(*data.samples(options.pictures, options.seed))
    unseen = data.samples(VALIDATION_PICTURES, options.seed + 1)
    optimizer = torch.optim.Adam(network.parameters(), options.learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, options.epochs)
    accuracy = 0.0
    with SummaryWriter(folder) as writer:
        for epoch in range(1, options.epochs + 1):
            batches = DataLoader(known, options.batch_size, shuffle=True)
            loss = _learn(network, batches, optimizer)
            if loss is None:
                return Outcome(network, accuracy, cancelled=True)
            schedule.step()
            validation_loss, accuracy = _judge(network, *unseen)
            writer.add_scalar("loss/training", loss, epoch)
            writer.add_scalar("loss/validation", validation_loss, epoch)
            writer.add_scalar("accuracy/validation", accuracy, epoch)
            writer.flush()
            run.progress(epoch, options.epochs, f"validation accuracy {accuracy:.3f}")
            print(f"epoch {epoch}: loss {loss:.4f}, accuracy {accuracy:.3f}", flush=True)
    return Outcome(network, accuracy, cancelled=False)


def _learn(network: Network, batches: DataLoader, optimizer: torch.optim.Optimizer) -> float | None:
    """Train one epoch. Returns the mean loss, or None if the run is cancelled."""
    network.train()
    losses = []
    for pictures, shown in batches:
        if run.cancelling():
            return None
        optimizer.zero_grad()
        loss = cross_entropy(network(pictures), shown)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return sum(losses) / len(losses)


def _judge(network: Network, pictures: torch.Tensor, shown: torch.Tensor) -> tuple[float, float]:
    """Return loss and accuracy."""
    network.eval()
    with torch.inference_mode():
        answers = network(pictures)
    right = (answers.argmax(dim=1) == shown).float().mean()
    return cross_entropy(answers, shown).item(), round(right.item(), 4)


def main() -> None:
    """Create the weights in the package."""
    with TemporaryDirectory() as folder:
        outcome = train(Options(epochs=8, pictures=6000), Path(folder))
    store.save(outcome.network, store.file(store.SHIPPED))


if __name__ == "__main__":
    main()
