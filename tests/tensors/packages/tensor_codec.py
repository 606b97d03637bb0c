"""The worker's half of a door that sends tensors."""

from __future__ import annotations

from typing import Any

import msgspec

from deepaas.messages import Tensor, Values


def decode(body: Any, _headers: Any) -> Values:
    sent = msgspec.msgpack.decode(body)
    return Values(tensors=[(name, Tensor(*told)) for name, told in sent.items()])
