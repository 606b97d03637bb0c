"""The training. As a command it makes the weights file that the package ships:

python -m demo_app.training --output demo_app/weights/digits.pt
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from demo_app.data import Digits, augment, load_split
from demo_app.network import DigitNet, classify, to_tensor
from demo_app.weights import save


@dataclass(frozen=True)
class Options:
    """How to train.

    Attributes:
        epochs: passes over the training samples.
        batch_size: samples per step.
        learning_rate: Adam's rate at its peak; it falls to nearly 0 along a cosine.
        validation_split: share of the training samples, 0..1, kept for the figures of each epoch.
        copies: distorted versions of each sample.
        seed: of everything random; the same options give the same weights.
    """

    epochs: int = 40
    batch_size: int = 64
    learning_rate: float = 0.004
    validation_split: float = 0.1
    copies: int = 12
    seed: int = 7


@dataclass(frozen=True)
class Epoch:
    """What one epoch reached.

    Attributes:
        epoch: counted from 1.
        loss: mean cross-entropy over the training samples.
        validation_loss: the same over the validation samples.
        validation_accuracy: 0..1.
    """

    epoch: int
    loss: float
    validation_loss: float
    validation_accuracy: float


@dataclass(frozen=True)
class Outcome:
    """A trained network.

    Attributes:
        network: ready for `classify`.
        history: one entry per epoch.
        accuracy: 0..1, on the samples held back from training and validation.
    """

    network: DigitNet
    history: list[Epoch]
    accuracy: float


def train(options: Options, on_epoch: Callable[[Epoch], None]) -> Outcome:
    """Train a new network; `on_epoch` is told after each epoch."""
    # More threads gain nothing on 8x8 images; one makes the sums, hence the weights, repeatable.
    torch.set_num_threads(1)
    random = np.random.default_rng(options.seed)
    known, held_back = load_split()
    order = random.permutation(len(known))
    validating = max(1, round(len(known) * options.validation_split))
    validation = known.take(order[:validating])
    training = augment(known.take(order[validating:]), options.copies, random)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(options.seed)
        network = DigitNet()
        history = _fit(network, training, validation, options, on_epoch)
    return Outcome(network, history, accuracy(network, held_back))


def accuracy(network: DigitNet, digits: Digits) -> float:
    """The share of `digits` that the network names right, 0..1."""
    return float((classify(network, digits.grids).argmax(axis=1) == digits.labels).mean())


def _fit(
    network: DigitNet,
    training: Digits,
    validation: Digits,
    options: Options,
    on_epoch: Callable[[Epoch], None],
) -> list[Epoch]:
    inputs, targets = to_tensor(training.grids), torch.from_numpy(training.labels)
    optimizer = torch.optim.Adam(network.parameters(), lr=options.learning_rate, weight_decay=1e-5)
    steps = options.epochs * -(-len(training) // options.batch_size)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    measure = nn.CrossEntropyLoss(label_smoothing=0.02)
    history = []
    for number in range(1, options.epochs + 1):
        network.train()
        total = 0.0
        for batch in torch.split(torch.randperm(len(training)), options.batch_size):
            optimizer.zero_grad()
            loss = measure(network(inputs[batch]), targets[batch])
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(batch)
        epoch = Epoch(number, total / len(training), *_validate(network, validation))
        history.append(epoch)
        on_epoch(epoch)
    return history


def _validate(network: DigitNet, validation: Digits) -> tuple[float, float]:
    """Mean cross-entropy and accuracy over the validation samples."""
    probabilities = classify(network, validation.grids)
    chosen = probabilities[np.arange(len(validation)), validation.labels]
    return float(-np.log(np.maximum(chosen, 1e-12)).mean()), accuracy(network, validation)


def print_epoch(epoch: Epoch) -> None:
    """One line of figures, for whoever reads the log."""
    print(
        f"epoch {epoch.epoch:3}  loss {epoch.loss:.4f}  validation loss {epoch.validation_loss:.4f}"
        f"  validation accuracy {epoch.validation_accuracy:.4f}",
        flush=True,
    )


def main() -> None:
    """The command `python -m demo_app.training`."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--output", type=Path, required=True, help="weights file to write (.pt)")
    parser.add_argument("--epochs", type=int, default=Options.epochs)
    parser.add_argument("--seed", type=int, default=Options.seed)
    arguments = parser.parse_args()
    outcome = train(Options(epochs=arguments.epochs, seed=arguments.seed), print_epoch)
    save(outcome.network, arguments.output)
    print(f"accuracy on the held-back digits: {outcome.accuracy:.4f}; written: {arguments.output}")


if __name__ == "__main__":
    main()
