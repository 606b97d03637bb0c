"""Options of a prediction."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from deepaas.messages import CheckTraining, Inputs, Predict
from deepaas.workers.call import CallListener


class Terms(msgspec.Struct, frozen=True):
    """Options of a prediction.

    Attributes:
        streamed: pass each part to ``listener`` as the model yields it; the answer is empty then.
        context: data for the model other than arguments.
        codec: the door whose codec encodes the result; empty for JSON and files.
    """

    streamed: bool = False
    context: Mapping[str, str] = {}
    codec: str = ""
    listener: CallListener | None = None

    def request(self, call_id: int, inputs: Inputs) -> Predict | CheckTraining:
        if self is USUAL_TERMS:
            return Predict(call_id, inputs)
        return Predict(call_id, inputs, self.streamed, dict(self.context), self.codec)


class OnlyChecked(Terms, frozen=True):
    """Not a prediction: only validates arguments of a training run."""

    def request(self, call_id: int, inputs: Inputs) -> CheckTraining:
        return CheckTraining(call_id, inputs)


USUAL_TERMS = Terms()
