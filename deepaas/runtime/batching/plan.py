"""How the calls of a model are batched: as its operator says, or else its author."""

from __future__ import annotations

import msgspec

from deepaas.messages import Batching
from deepaas.runtime.batching.ways import AUTOMATIC_SIZE
from deepaas.runtime.contract import LoadedModel


def plan(model: LoadedModel, chosen: str) -> Batching | None:
    """None if each call runs alone. `chosen` is a ``Batching`` as JSON, empty without one."""
    if model.way is None:
        return None
    batching = msgspec.json.decode(chosen, type=Batching) if chosen else model.way.batching
    if batching.automatic:
        batching.size = min(batching.size, AUTOMATIC_SIZE)
    return batching if batching.size > 1 else None
