"""What host and worker say to each other arrives as it was sent, however the bytes come."""

from __future__ import annotations

import functools
import types
import typing
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepaas import messages
from deepaas.frames import LENGTH, MAX_FRAME_BYTES, FrameBuffer, frame
from deepaas.messages import Message

UNIONS = {
    "ToWorkerCalls": messages.ToWorkerCalls,
    "ToWorkerControl": messages.ToWorkerControl,
    "FromWorkerCalls": messages.FromWorkerCalls,
    "FromWorkerControl": messages.FromWorkerControl,
}
SENT = [(union, kind) for union in UNIONS.values() for kind in typing.get_args(union) or [union]]
PARTS = {
    messages.Upload,
    messages.LongText,
    messages.RawRequest,
    messages.Values,
    messages.Encoded,
    messages.ArgumentSignature,
    messages.Batching,
    messages.FileDetails,
    messages.Tensor,
    messages.TensorDetails,
    messages.Result,
    messages.Signature,
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=5,
)


@functools.cache
def values(hint: Any) -> st.SearchStrategy[Any]:
    """Values of a type as the messages' fields have it."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return JSON
    if origin in (typing.Union, types.UnionType):
        return st.one_of([values(each) for each in arguments])
    if origin is tuple:
        return st.tuples(*map(values, arguments))
    if origin is list:
        return st.lists(values(arguments[0]), max_size=3)
    if origin is dict:
        return st.dictionaries(values(arguments[0]), values(arguments[1]), max_size=3)
    if isinstance(hint, type) and issubclass(hint, Message):
        hints = typing.get_type_hints(hint)
        return st.builds(hint, **{name: values(hints[name]) for name in hint.__struct_fields__})
    return {
        int: st.integers(-(2**63), 2**63 - 1),
        str: st.text(max_size=30),
        bytes: st.binary(max_size=300),
        bool: st.booleans(),
        float: st.floats(allow_nan=False),
        type(None): st.none(),
    }[hint]


def test_every_message_belongs_to_a_channel_or_to_another_message() -> None:
    assert {kind for _, kind in SENT} | PARTS == set(Message.__subclasses__())


@pytest.mark.parametrize(("union", "kind"), SENT, ids=lambda each: getattr(each, "__name__", "of"))
@settings(derandomize=True, max_examples=50, deadline=None)
@given(data=st.data())
def test_round_trip(union: Any, kind: type[Message], data: st.DataObject) -> None:
    sent = data.draw(values(kind))
    [payload] = FrameBuffer().feed(frame(sent))
    assert msgspec.msgpack.decode(payload, type=union) == sent


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=8), st.data())
def test_frames_cut_anywhere(payloads: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(LENGTH.pack(len(payload)) + payload for payload in payloads)
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=12).map(sorted))
    buffer = FrameBuffer()
    received = [
        payload
        for start, end in pairwise([0, *cuts, len(stream)])
        for payload in buffer.feed(stream[start:end])
    ]
    assert received == payloads


def test_frames_byte_by_byte() -> None:
    stream = frame(messages.Cancel(7)) * 2
    buffer = FrameBuffer()
    received = [payload for byte in stream for payload in buffer.feed(bytes([byte]))]
    assert [msgspec.msgpack.decode(each, type=messages.Cancel).id for each in received] == [7, 7]


@pytest.mark.parametrize("size", [MAX_FRAME_BYTES + 1, 2**32 - 1])
def test_a_length_that_no_honest_peer_announces(size: int) -> None:
    with pytest.raises(ValueError, match=str(size)):
        FrameBuffer().feed(LENGTH.pack(size))
    with pytest.raises(ValueError, match=str(size)):
        FrameBuffer().feed(frame(messages.Ready()) + LENGTH.pack(size) + b"more")
