"""The worker's half: without NumPy and PyTorch, and in pieces."""

from __future__ import annotations

import base64
import json
import struct
import sys
import time

import msgspec
import pytest

from deepaas.messages import Tensor
from deepaas.protocols.deepinv import codec
from deepaas.protocols.deepinv.asked import (
    ABOUT,
    FILE,
    OTHER,
    RECEIVED,
    TENSOR,
    CallOutline,
)
from deepaas.protocols.deepinv.data_urls import tensor_of, url_of
from deepaas.tensors import base64_memory
from deepaas.tensors.base64_memory import PIECE_BYTES
from deepaas.tensors.dtypes import SIZES

OUTLINE = CallOutline("model", "y", TENSOR, {"sigma": OTHER, "mask": TENSOR, "stored": FILE})
HEADERS = {ABOUT: msgspec.json.encode(OUTLINE).decode()}


def sent(tensor: Tensor) -> str:
    return b"".join(url_of(tensor)).decode()


def body(file: Tensor, **metadata: object) -> bytes:
    return json.dumps({"input": {"file": sent(file), "metadata": metadata}}).encode()


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("numpy", "torch"):
        monkeypatch.setitem(sys.modules, name, None)
    for name in ("arrays", "files", "pictures"):
        monkeypatch.delitem(sys.modules, f"deepaas.tensors.{name}", raising=False)


@pytest.mark.usefixtures("nothing_installed")
def test_neither_numpy_nor_pytorch_is_needed() -> None:
    y = Tensor("float32", [2, 2], struct.pack("<4f", 1, 2, 3, 4))
    mask = Tensor("bool", [3], b"\1\0\1")
    values = codec.decode(body(y, sigma=0.5, mask=sent(mask), stored=sent(mask)), HEADERS)
    assert values.given == {"sigma": 0.5}
    (name, first), (other, second), (last, third) = values.tensors
    assert (name, other, last) == ("y", "mask", "stored")
    assert (first.dtype, first.shape, bytes(first.data or b"")) == ("float32", [2, 2], y.data)
    assert (second.dtype, second.shape, bytes(second.data or b"")) == ("bool", [3], mask.data)
    assert (third.dtype, third.shape) == ("bytes", [1])
    media_type, pieces, headers = codec.encode({"scores": [1, 2], "label": "a"}, values.wanted)
    assert (media_type, headers) == ("application/json", {"Cache-Control": "no-transform"})
    told = json.loads(b"".join(pieces))["output"]
    assert told["metadata"] == {"label": "a"}
    result = tensor_of(memoryview(told["file"].encode()))
    assert (result.dtype, result.shape) == ("int64", [2])
    for result in (b"\x89PNG", "text", None):  # type: ignore[assignment]
        with pytest.raises(ValueError, match="returned no tensor"):
            codec.encode(result, values.wanted)


@pytest.fixture(params=[True, False], ids=["pybase64", "slow"])
def fast(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param:
        pytest.importorskip("pybase64")
    else:
        monkeypatch.setattr(base64_memory, "_fast", lambda: None)


@pytest.mark.usefixtures("fast")
@pytest.mark.parametrize("extra_bytes", range(-4, 5))
@pytest.mark.parametrize("dtype", ["uint8", "complex128"])
def test_pieces_are_one_data_url(dtype: str, extra_bytes: int) -> None:
    """Around the size of a piece, which is another one before and after base64."""
    for size in (0, PIECE_BYTES // 4 * 3, PIECE_BYTES):
        count = max(0, size // SIZES[dtype] + extra_bytes)
        data = bytes(range(256)) * (count * SIZES[dtype] // 256 + 1)
        tensor = Tensor(dtype, [count], data[: count * SIZES[dtype]])
        url = sent(tensor)
        base64.b64decode(url.partition(",")[2], validate=True)
        found = tensor_of(memoryview(url.encode()))
        assert (found.dtype, found.shape) == (dtype, [count])
        assert bytes(found.data or b"") == tensor.data


@pytest.mark.usefixtures("fast")
@pytest.mark.parametrize(
    "text",
    [
        b"QUJ",
        b"QUJD=",
        b"QU=D",
        b"Q===",
        b"====",
        b"QUJD=UJD",
        b"QUI=QUJD",
        b"QU D",
        b"QUJ\n",
        b"QUJ!",
        b"QU-_",
        b"\xff\xff\xff\xff",
        b"A" * PIECE_BYTES + b"!AAA",
        b"!" * 2 * PIECE_BYTES,
    ],
)
def test_what_is_no_base64(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"it (is incomplete|has other characters)"):
        base64_memory.decoded(memoryview(text))


@pytest.mark.usefixtures("fast")
def test_base64_is_decoded_into_memory_of_its_own() -> None:
    for content in (b"", b"a", b"ab", b"abc", bytes(range(256)) * 5000):
        held = base64_memory.decoded(memoryview(base64.b64encode(content)))
        assert bytes(held) == content
        assert not held.readonly


def test_the_memory_of_a_body_is_free_at_once() -> None:
    """Tensors and values are no views of it: the next one may be received there."""
    y = Tensor("float32", [2], struct.pack("<2f", 1, 2))
    memory = bytearray(body(y, sigma=float("nan")))
    values = codec.decode(memoryview(memory), HEADERS)
    assert str(values.given["sigma"]) == "nan"
    assert bytes(memory) == body(y, sigma=float("nan"))
    memory[:] = b"x" * len(memory)
    memory.append(0)
    assert bytes(values.tensors[0][1].data or b"") == y.data


def test_how_long_it_took() -> None:
    y = Tensor("float32", [2], struct.pack("<2f", 1, 2))
    received_ns = time.time_ns() - 10**9
    values = codec.decode(body(y), {**HEADERS, RECEIVED: str(received_ns)})
    _, pieces, _ = codec.encode({"x": 1.5, "queue_seconds": "own"}, values.wanted)
    metadata = json.loads(b"".join(pieces))["output"]["metadata"]
    assert metadata["queue_seconds"] == "own"
    assert 0 <= metadata["predict_seconds"] < 60
    assert values.wanted["waited_seconds"] >= 1
