"""The training. As a command it makes the weights file that the package ships:

python -m demo_app.training --epochs 40 --copies 12 --output demo_app/weights/digits.pt
"""

import argparse
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from demo_app.curves import Curves
from demo_app.data import augment, augmented, load_split
from demo_app.fit import Epoch, Fit, Options, accuracy
from demo_app.network import DigitNet
from demo_app.weights import save


@dataclass(frozen=True)
class Outcome:
    """A trained network.

    Attributes:
        network: ready for `classify`.
        history: one entry per finished epoch.
        accuracy: 0..1, on the samples held back from training and validation.
        stopped: the state from which `train` can go on; None if it has come to its end.
    """

    network: DigitNet
    history: list[Epoch]
    accuracy: float
    stopped: dict[str, Any] | None


class _Cancelled(Exception):
    """Leaves the training wherever it stands."""


def train(
    options: Options,
    on_epoch: Callable[[Fit], None],
    cancelling: Callable[[], bool] = lambda: False,
    start: dict[str, Any] | None = None,
) -> Outcome:
    """Train a network.

    Args:
        on_epoch: told after each epoch.
        cancelling: whether to stop, asked some hundred times per second.
        start: the state in which another training with the same options has stopped, to go on from
            there; it ends with the same weights as one that is never stopped.

    Raises:
        CheckpointError: `start` is of something else.
    """

    def stop_if_asked() -> None:
        if cancelling():
            raise _Cancelled

    # More threads gain nothing on 8x8 images; one makes the sums, hence the weights, repeatable.
    torch.set_num_threads(1)
    random = np.random.default_rng(options.seed)
    known, held_back = load_split()
    order = random.permutation(len(known))
    validating = max(1, round(len(known) * options.validation_split))
    validation, rest = known.take(order[:validating]), known.take(order[validating:])
    stopped = None
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(options.seed)
        fit = Fit(options, augmented(len(rest), options.copies), validation)
        if start is not None:
            fit.restore(start)
        try:
            fit.run(augment(rest, options.copies, random, stop_if_asked), on_epoch, stop_if_asked)
        except _Cancelled:
            stopped = fit.state()
    return Outcome(fit.network, fit.history, accuracy(fit.network, held_back), stopped)


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
    parser.add_argument("--copies", type=int, default=Options.copies)
    parser.add_argument("--seed", type=int, default=Options.seed)
    parser.add_argument("--tensorboard", metavar="DIR", help="folder for TensorBoard event files")
    arguments = parser.parse_args()
    options = Options(epochs=arguments.epochs, copies=arguments.copies, seed=arguments.seed)
    with Curves(arguments.tensorboard) if arguments.tensorboard else nullcontext() as curves:

        def on_epoch(fit: Fit) -> None:
            print_epoch(fit.history[-1])
            if curves:
                curves.add(fit)

        outcome = train(options, on_epoch)
    save(outcome.network, arguments.output)
    print(f"accuracy on the held-back digits: {outcome.accuracy:.4f}; written: {arguments.output}")


if __name__ == "__main__":
    main()
