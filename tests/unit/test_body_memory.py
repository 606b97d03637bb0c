"""The memory of bodies in a worker is used again, but never while something refers to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from deepaas.messages import Encoded
from deepaas.model.v2.fields import Tensor
from deepaas.protocols.oip.asked import ABOUT, ACTION, INFER, LENGTH, ModelOutline
from deepaas.runtime.arguments import Arguments
from deepaas.runtime.codecs import BodyMemory, decoded

COUNT = 50_000
OUTLINE = ModelOutline("m", "1", {"x": ("FP32", [COUNT])}, {}, ["x"], "")


def body_of(number: int, tmp_path: Path) -> Encoded:
    size = {"binary_data_size": 4 * COUNT}
    told = {"name": "x", "shape": [COUNT], "datatype": "FP32", "parameters": size}
    head = msgspec.json.encode({"inputs": [told]})
    path = tmp_path / "body"
    path.write_bytes(head + np.full(COUNT, number, np.float32).tobytes())
    about = msgspec.json.encode(OUTLINE).decode()
    headers = {ABOUT: about, ACTION: INFER, LENGTH: str(len(head))}
    return Encoded("oip", path=str(path), headers=headers, numbers_at=len(head))


def test_what_a_model_keeps_does_not_change(tmp_path: Path) -> None:
    arguments, memory = Arguments({"x": Tensor("float32")}), BodyMemory()
    kept: list[Any] = []
    for number in range(6):
        values = decoded(body_of(number, tmp_path), memory)
        array = arguments.load(values)["x"]
        assert array.flags.writeable
        assert array.flags.aligned
        assert (array == number).all()
        kept.append(array[number:] if number % 2 else array.reshape(2, -1).T)
        array[:] = number + 100  # A model may write to what is its own.
        del values, array
    assert [set(array.ravel()) for array in kept] == [{number + 100} for number in range(6)]


def test_memory_that_nobody_refers_to_is_used_again(tmp_path: Path) -> None:
    arguments, memory = Arguments({"x": Tensor("float32")}), BodyMemory()
    places = set()
    for number in range(6):
        array = arguments.load(decoded(body_of(number, tmp_path), memory))["x"]
        places.add(array.ctypes.data)
        del array
    assert len(places) <= 2  # Python may move it once, when it is used again for the first time.


def test_of_what_was_there_nothing_is_seen() -> None:
    memory = BodyMemory()
    memory.take(100)[:] = b"a" * 100
    assert memory.take(10).nbytes == 10
    with memory.take(50) as kept:
        kept[:] = b"b" * 50
        assert bytes(memory.take(50)) == bytes(50)
        assert bytes(kept) == b"b" * 50
