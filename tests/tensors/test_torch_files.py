"""Files of ``torch.save``, read and written without it, beside PyTorch's own."""

from __future__ import annotations

import io
import pickle
import random
import struct
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from deepaas.messages import Tensor
from deepaas.tensors.arrays import array_of, tensor_of
from deepaas.tensors.dtypes import SIZES, BadTensor
from deepaas.tensors.torch_files import tensor_in
from deepaas.tensors.torch_writer import ALIGNED_BYTES, pieces

pytestmark = pytest.mark.torch

torch = pytest.importorskip("torch")

SHAPES: list[tuple[int, ...]] = [(), (0,), (1,), (3, 0, 2), (2, 3), (1, 1, 5, 7)]


def saved(tensor: Any) -> memoryview:
    file = io.BytesIO()
    torch.save(tensor, file)
    return memoryview(bytearray(file.getvalue()))


def filled(dtype: str, shape: tuple[int, ...]) -> Any:
    count = int(np.prod(shape))
    return torch.arange(count).reshape(shape).to(getattr(torch, dtype))


def written(tensor: Any) -> bytes:
    return b"".join(pieces(tensor_of(tensor)))


def same(one: Any, other: Any) -> bool:
    return bool(one.dtype == other.dtype and one.shape == other.shape and torch.equal(one, other))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", SIZES)
def test_each_dtype_and_shape_both_ways(dtype: str, shape: tuple[int, ...]) -> None:
    tensor = filled(dtype, shape)
    read = tensor_in(saved(tensor))
    assert (read.dtype, read.shape) == (dtype, list(shape))
    raw = (
        tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
        if tensor.numel()
        else b""
    )
    assert bytes(read.data or b"") == raw
    again = torch.load(io.BytesIO(written(tensor)), weights_only=True)
    assert same(again, tensor)
    assert same(torch.load(io.BytesIO(b"".join(pieces(read))), weights_only=True), tensor)


VIEWS: dict[str, Callable[[Any], Any]] = {
    "transposed": lambda x: x.T,
    "every-other": lambda x: x[::2, 1::3],
    "row": lambda x: x[3],
    "column": lambda x: x[:, 2:3],
    "repeated": lambda x: x[:1].expand(7, 9),
    "none": lambda x: x[5:5],
    "element": lambda x: x[2, 3],
    "conjugated": lambda x: (x + 1j * x.T[:6, :6].sum()).to(torch.complex64).conj(),
    "negated": lambda x: torch.complex(x, x).conj().imag,
    "asks-for-a-gradient": lambda x: x.clone().requires_grad_(),
    "parameter": lambda x: torch.nn.Parameter(x),
    "brain": lambda x: x.to(torch.bfloat16).T,
}


@pytest.mark.parametrize("name", VIEWS)
def test_views_are_what_they_show(name: str) -> None:
    tensor = VIEWS[name](torch.arange(54.0).reshape(6, 9))
    read = tensor_in(saved(tensor))
    plain = tensor.detach().resolve_conj().resolve_neg().contiguous()
    expected = tensor_of(plain)
    assert (read.dtype, read.shape) == (expected.dtype, expected.shape)
    assert bytes(read.data or b"") == bytes(expected.data or b"")


def test_numbers_of_the_other_byte_order() -> None:
    file = io.BytesIO()
    little = io.BytesIO(saved(torch.arange(6, dtype=torch.int32)))
    with zipfile.ZipFile(little) as archive, zipfile.ZipFile(file, "w") as other:
        for member in archive.infolist():
            content = archive.read(member)
            if member.filename.endswith("/byteorder"):
                content = b"big"
            elif member.filename.endswith("/data/0"):
                content = struct.pack(">6i", *range(6))
            other.writestr(member.filename, content)
    assert array_of(tensor_in(memoryview(file.getvalue()))).tolist() == [*range(6)]


def test_the_numbers_are_not_copied() -> None:
    held = saved(torch.arange(1000.0))
    array = array_of(tensor_in(held))
    array[:] = 7
    assert array_of(tensor_in(held)).tolist() == [7] * 1000
    head, data, tail = pieces(tensor_of(array))
    assert len(head) % ALIGNED_BYTES == 0
    assert np.shares_memory(np.frombuffer(data, np.float32), array)
    with zipfile.ZipFile(io.BytesIO(head + data + tail)) as archive:
        assert archive.testzip() is None


def test_what_is_read_may_be_anything_but_never_ends_the_reader() -> None:
    """One byte, or several, of a file are others than they should be: it is read, or refused."""
    source = random.Random(7)
    for tensor in (torch.arange(20.0).reshape(4, 5).T, torch.zeros(3, dtype=torch.uint16)):
        content = bytes(saved(tensor))
        for _ in range(1500):
            changed = bytearray(content)
            for _ in range(source.choice((1, 1, 1, 2, 20))):
                changed[source.randrange(len(changed))] = source.randrange(256)
            if source.random() < 0.1:
                del changed[source.randrange(len(changed)) :]
            try:
                read = tensor_in(memoryview(changed))
            except BadTensor as error:
                assert len(str(error)) < 500
            else:
                array_of(read)


def _pickled(code: bytes) -> memoryview:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a/data.pkl", code)
        archive.writestr("a/data/0", b"\0" * 16)
    return memoryview(file.getvalue())


def _tensor(
    shape: bytes = b"(K\x04t",
    strides: bytes = b"(K\x01t",
    count: bytes = b"K\x04",
    offset: bytes = b"K\0",
    changes: bytes = b"",
) -> bytes:
    storage = b"((X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0\x30X\3\0\0\0cpu" + count + b"tQ"
    hooks = b"\x89ccollections\nOrderedDict\n)R"
    return (
        b"\x80\2ctorch._utils\n_rebuild_tensor_v2\n"
        + storage
        + offset
        + shape
        + strides
        + hooks
        + changes
        + b"tR."
    )


_LARGE = b"\x8a\x08" + struct.pack("<q", 2**62)
_NEGATIVE = b"J\xff\xff\xff\xff"
_DOUBLED = b"K\1" + b"q\0h\0\x86" * 60
"""A tuple of a tuple … of 2**60 numbers in a few bytes."""

HOSTILE: dict[str, bytes] = {
    "negative-size": _tensor(shape=b"(" + _NEGATIVE + b"t"),
    "negative-sizes": _tensor(shape=b"(" + _NEGATIVE + _NEGATIVE + b"t", strides=b"(K\1K\1t"),
    "large-size": _tensor(shape=b"(" + _LARGE + b"t"),
    "large-sizes": _tensor(shape=b"(" + _LARGE + _LARGE + b"t", strides=b"(K\1K\1t"),
    "a-billion-at-one-place": _tensor(shape=b"(J\0\0\0\x40t", strides=b"(K\0t"),
    "empty-but-endless": _tensor(shape=b"(K\0" + _LARGE + b"t", strides=b"(K\1K\1t"),
    "negative-stride": _tensor(strides=b"(" + _NEGATIVE + b"t"),
    "large-stride": _tensor(strides=b"(" + _LARGE + b"t"),
    "negative-offset": _tensor(offset=_NEGATIVE),
    "large-offset": _tensor(offset=_LARGE),
    "behind-the-end": _tensor(offset=b"K\1"),
    "billion-element-storage": _tensor(count=b"J\0\0\0\x40"),
    "negative-storage": _tensor(count=_NEGATIVE),
    "small-storage": _tensor(count=b"K\3"),
    "size-of-true": _tensor(shape=b"(\x88t"),
    "size-of-text": _tensor(shape=b"(X\1\0\0\0\x34t"),
    "size-of-doubled": _tensor(shape=b"(" + _DOUBLED + b"t"),
    "offset-of-doubled": _tensor(offset=_DOUBLED),
    "33-dimensions": _tensor(shape=b"(" + b"K\1" * 33 + b"t", strides=b"(" + b"K\1" * 33 + b"t"),
    "fewer-strides": _tensor(strides=b")"),
    "conjugated-floats": _tensor(changes=b"}X\4\0\0\0conj\x88s"),
    "unknown-change": _tensor(changes=b"}X\4\0\0\0else\x88s"),
    "key-of-doubled": _tensor(changes=b"}" + _DOUBLED + b"\x88s"),
    "no-end": _tensor()[:-1],
    "nothing": b".",
    "only-a-number": b"K\1.",
    "no-mark": b"t.",
    "memory-of-nothing": b"h\7.",
    "large-memory": b"K\1r\xff\xff\xff\xff.",
    "a-class-is-called": b"ctorch\nFloatStorage\n)R.",
    "its-name-is-called": b"X\1\0\0\0a)R.",
    "state": b"ccollections\nOrderedDict\n)R}b.",
    "new": b"ccollections\nOrderedDict\n)\x81.",
    "long-text": b"X\xff\xff\xff\xff.",
    "code": pickle.dumps(print, 2),
    "storage-only": b"(X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0\x30X\3\0\0\0cpuK\4tQ.",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pickles_are_refused(name: str) -> None:
    with pytest.raises(BadTensor) as raised:
        tensor_in(_pickled(HOSTILE[name]))
    assert len(str(raised.value)) < 300


def test_the_one_that_is_not_hostile_is_read() -> None:
    assert array_of(tensor_in(_pickled(_tensor()))).tolist() == [0, 0, 0, 0]


def test_dtypes_that_pytorch_does_not_have() -> None:
    with pytest.raises(BadTensor, match="does not support tensors of bytes"):
        pieces(Tensor("bytes", [0], b""))
