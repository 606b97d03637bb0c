"""Prepares the values of a call for the worker: large ones are passed in a file."""

from __future__ import annotations

import asyncio

import msgspec

from deepaas.messages import INLINE_BYTES, Values
from deepaas.web.uploads import Scratch


async def stored(values: Values, scratch: Scratch) -> Values:
    """The same values; in a file if they are large or contain integers of more than 64 bits."""
    try:
        if len(msgspec.msgpack.encode(values.given)) <= INLINE_BYTES:
            return values
    except OverflowError:
        pass
    path = scratch.path / "input.json"
    await asyncio.to_thread(path.write_bytes, msgspec.json.encode(values.given))
    return msgspec.structs.replace(values, given={}, path=str(path))
