"""What a client may want of a prediction besides its result."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from deepaas.messages import CheckTraining, Inputs, Predict
from deepaas.workers.call import CallListener


class Terms(msgspec.Struct, frozen=True):
    """What a client wants of a prediction.

    Attributes:
        streamed: each part as the model yields it, through ``listener``; the answer is empty then.
        context: what it tells the model besides the arguments.
        codec: the door whose codec makes bytes of the result; empty for JSON and files.
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
    """No prediction at all: whether these are arguments for a training."""

    def request(self, call_id: int, inputs: Inputs) -> CheckTraining:
        return CheckTraining(call_id, inputs)


USUAL_TERMS = Terms()
