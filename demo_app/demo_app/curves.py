"""Writes metrics per epoch and sample predictions for TensorBoard."""

from types import TracebackType

import numpy as np

from demo_app.drawing import contact_sheet
from demo_app.fit import Fit
from demo_app.network import classify

_PICTURED = 100


class Curves:
    """Writes TensorBoard event files; to be used in a `with` statement."""

    def __init__(self, folder: str) -> None:
        """
        Args:
            folder: where to; it is made if it is not there.
        """
        # Imported here because predictions do not need it.
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(folder)
        self._pictured = False

    def __enter__(self) -> "Curves":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._writer.close()

    def add(self, fit: Fit) -> None:
        """Write the figures of the last epoch, after the first and the last one pictures too."""
        epoch = fit.history[-1]
        figures = {
            "loss/training": epoch.loss,
            "loss/validation": epoch.validation_loss,
            "accuracy/validation": epoch.validation_accuracy,
            "learning_rate": epoch.learning_rate,
        }
        for name, value in figures.items():
            self._writer.add_scalar(name, value, epoch.epoch)
        if not self._pictured or epoch.epoch == fit.options.epochs:
            self._pictured = True
            self._add_picture(fit)
        # Otherwise the curves would be two minutes late, because a thread buffers events.
        self._writer.flush()

    def _add_picture(self, fit: Fit) -> None:
        digits = fit.validation.take(np.arange(min(_PICTURED, len(fit.validation))))
        answers = classify(fit.network, digits.grids).argmax(axis=1)
        picture = np.asarray(contact_sheet(digits.grids, digits.labels, answers))
        self._writer.add_image(
            "validation digits", picture, fit.history[-1].epoch, dataformats="HWC"
        )
