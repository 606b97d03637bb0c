"""One training as it goes on: all that changes meanwhile, which is all that a checkpoint needs."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from demo_app.data import Digits
from demo_app.network import DigitNet, classify, to_tensor


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

    epochs: int = 60
    batch_size: int = 64
    learning_rate: float = 0.004
    validation_split: float = 0.1
    copies: int = 4
    seed: int = 7


@dataclass(frozen=True)
class Epoch:
    """What one epoch reached.

    Attributes:
        epoch: counted from 1.
        loss: mean cross-entropy over the training samples.
        validation_loss: the same over the validation samples.
        validation_accuracy: 0..1.
        learning_rate: at the end of the epoch.
    """

    epoch: int
    loss: float
    validation_loss: float
    validation_accuracy: float
    learning_rate: float


class CheckpointError(ValueError):
    """No checkpoint of this model; the message is meant for whoever gave it."""


class Fit:
    """A network and how far its training is.

    Attributes:
        options: how it is trained.
        validation: the samples for the figures of each epoch.
        network: as trained so far.
        history: one entry per finished epoch.
    """

    def __init__(self, options: Options, samples: int, validation: Digits) -> None:
        """
        Args:
            samples: how many there are to train with.
        """
        self.options = options
        self.validation = validation
        self.network = DigitNet()
        self.history: list[Epoch] = []
        self._samples = samples
        self._optimizer = torch.optim.Adam(
            self.network.parameters(), lr=options.learning_rate, weight_decay=1e-5
        )
        steps = options.epochs * -(-samples // options.batch_size)
        self._scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(self._optimizer, steps)
        # Of the epoch at hand: which samples are still to come, in order, and the losses' sum.
        self._left = torch.empty(0, dtype=torch.int64)
        self._total = 0.0

    def run(
        self, training: Digits, on_epoch: Callable[["Fit"], None], before_step: Callable[[], None]
    ) -> None:
        """Train until all epochs are done.

        Args:
            training: as many samples as were announced.
            on_epoch: told after each epoch.
            before_step: called before each step; what it raises ends the training, which may go on
                from there later.
        """
        inputs, targets = to_tensor(training.grids), torch.from_numpy(training.labels)
        measure = nn.CrossEntropyLoss(label_smoothing=0.02)
        while len(self.history) < self.options.epochs:
            before_step()
            if not len(self._left):
                self._left, self._total = torch.randperm(self._samples), 0.0
            self.network.train()
            while len(self._left):
                before_step()
                batch = self._left[: self.options.batch_size]
                self._optimizer.zero_grad()
                loss = measure(self.network(inputs[batch]), targets[batch])
                loss.backward()
                self._optimizer.step()
                self._scheduler.step()
                self._total += loss.item() * len(batch)
                self._left = self._left[len(batch) :]
            self.history.append(self._measured())
            on_epoch(self)

    def state(self) -> dict[str, Any]:
        """All that is needed to go on from here: tensors, numbers, texts, lists and dicts."""
        return {
            "options": asdict(self.options),
            "epoch": len(self.history),
            "history": [asdict(epoch) for epoch in self.history],
            "network": self.network.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "scheduler": self._scheduler.state_dict(),
            # A slice would bring all that it was cut from into the file.
            "left": self._left.clone(),
            "total": self._total,
            "random": torch.get_rng_state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a `state` that was reached with the same options.

        Raises:
            CheckpointError: the state is of something else.
        """
        try:
            left = state["left"].long()
            if left.dim() != 1 or (len(left) and not 0 <= left.min() <= left.max() < self._samples):
                raise ValueError("samples that there are not")
            self.network.load_state_dict(state["network"])
            self._optimizer.load_state_dict(state["optimizer"])
            self._scheduler.load_state_dict(state["scheduler"])
            self.history = [Epoch(**epoch) for epoch in state["history"]]
            self._left, self._total = left, float(state["total"])
            torch.set_rng_state(state["random"])
        except (AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
            raise CheckpointError("not a checkpoint of this model, or a broken one") from error

    def _measured(self) -> Epoch:
        """The figures of the epoch that has just ended."""
        probabilities = classify(self.network, self.validation.grids)
        chosen = probabilities[np.arange(len(self.validation)), self.validation.labels]
        return Epoch(
            epoch=len(self.history) + 1,
            loss=self._total / self._samples,
            validation_loss=float(-np.log(np.maximum(chosen, 1e-12)).mean()),
            validation_accuracy=accuracy(self.network, self.validation),
            learning_rate=float(self._scheduler.get_last_lr()[0]),
        )


def accuracy(network: DigitNet, digits: Digits) -> float:
    """The share of `digits` that the network names right, 0..1."""
    return float((classify(network, digits.grids).argmax(axis=1) == digits.labels).mean())
