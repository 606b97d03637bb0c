"""What a client may want of a prediction besides its result."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from deepaas.messages import CheckTraining, Inputs, Predict
from deepaas.workers.call import CallListener


class Terms(msgspec.Struct, frozen=True):
    """What a client wants.

    Attributes:
        streamed: each part of the result as the model yields it, through ``listener``; the
            answer is empty then.
        context: what it tells the model besides the arguments.
        codec: the door whose codec makes bytes of the result; empty for JSON and files.
        listener: told of the call before its end.
    """

    streamed: bool = False
    context: Mapping[str, str] = {}
    codec: str = ""
    listener: CallListener | None = None

    def request(self, call_id: int, inputs: Inputs) -> Predict | CheckTraining:
        """What the worker is sent."""
        if self is USUAL_TERMS:
            return Predict(call_id, inputs)
        return Predict(call_id, inputs, self.streamed, dict(self.context), self.codec)


class OnlyChecked(Terms, frozen=True):
    """No prediction at all: whether these are arguments for a training."""

    def request(self, call_id: int, inputs: Inputs) -> CheckTraining:
        """What the worker is sent."""
        return CheckTraining(call_id, inputs)


USUAL_TERMS = Terms()
"""The result as a whole, at the end."""
