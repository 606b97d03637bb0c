"""Event files as other libraries write them, and as nobody should."""

from __future__ import annotations

import math
import os
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.storm_size import chosen
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, types_pb2
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c
from tensorboard.plugins.scalar import metadata as scalar_metadata
from tensorboard.plugins.scalar import summary_v2 as scalar_summary
from tensorboard.util.tensor_util import make_ndarray, make_tensor_proto

from deepaas.training.event_files import MAX_RECORD_BYTES, EventFile, Scalar, masked_crc

from .writers import torch_writer, x_writer

NAME = "events.out.tfevents.1700000000.test"


def framed(data: bytes) -> bytes:
    length = struct.pack("<Q", len(data))
    checksums = (struct.pack("<I", masked_crc32c(part)) for part in (length, data))
    return length + next(checksums) + data + next(checksums)


def event(step: int = 0, wall_time: float = 1.5, **rest: Any) -> bytes:
    return framed(event_pb2.Event(step=step, wall_time=wall_time, **rest).SerializeToString())


def simple(tag: str, value: float, step: int = 0) -> bytes:
    value_proto = summary_pb2.Summary.Value(tag=tag, simple_value=value)
    return event(step, summary=summary_pb2.Summary(value=[value_proto]))


def tensor(tag: str, proto: Any, step: int = 0, *, plugin: str = "scalars") -> bytes:
    value_proto = summary_pb2.Summary.Value(tag=tag, tensor=proto)
    if plugin:
        value_proto.metadata.plugin_data.plugin_name = plugin
    return event(step, summary=summary_pb2.Summary(value=[value_proto]))


def only_file(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


def read_all(path: Path) -> list[Scalar]:
    return EventFile(path).read(10**9)


def as_tensorboard_reads(path: Path) -> dict[str, list[tuple[int, float, float]]]:
    """Step, value, wall time by tag. TensorBoard's own names for what may be a scalar."""
    accumulator = EventAccumulator(str(path), {"scalars": 0, "tensors": 0})
    accumulator.Reload()
    tags = accumulator.Tags()
    series = {
        tag: [(it.step, it.value, it.wall_time) for it in accumulator.Scalars(tag)]
        for tag in tags["scalars"]
    }
    for tag in tags["tensors"]:
        plugin = accumulator.SummaryMetadata(tag).plugin_data.plugin_name
        if plugin == scalar_metadata.PLUGIN_NAME:
            series[tag] = [
                (it.step, make_ndarray(it.tensor_proto).item(), it.wall_time)
                for it in accumulator.Tensors(tag)
            ]
    return series


def as_read_here(path: Path) -> dict[str, list[tuple[int, float, float]]]:
    series: dict[str, list[tuple[int, float, float]]] = {}
    for tag, step, value, wall_time in read_all(path):
        series.setdefault(tag, []).append((step, value, wall_time))
    return series


def log_all_kinds(writer: Any) -> None:
    for step in range(50):
        writer.add_scalar("training/loss", 1 / (step + 1), step)
        writer.add_scalar("größe", step * 1e30, step * 2**33)
    writer.add_scalar("infinite", math.inf, 1)
    writer.add_scalar("backwards", 1.0, 5)
    writer.add_scalar("backwards", 2.0, 3)
    writer.add_histogram("weights", np.arange(1000.0), 1)
    writer.add_image("image", np.zeros((3, 8, 8), np.uint8), 1)
    writer.add_text("note", "a text", 1)
    writer.add_pr_curve("curve", np.array([0, 1]), np.array([0.2, 0.8]), 1)
    writer.add_scalar("after", 3.25, 1)
    writer.close()


@pytest.mark.parametrize("make", [torch_writer, x_writer], ids=["torch", "X"])
def test_reads_what_tensorboard_reads(tmp_path: Path, make: Callable[[Path], Any]) -> None:
    log_all_kinds(make(tmp_path))
    path = only_file(tmp_path)
    expected = as_tensorboard_reads(path)
    assert {"training/loss", "größe", "infinite", "backwards", "after"} == set(expected)
    assert as_read_here(path) == expected


def test_reads_torchs_new_style_and_double_precision(tmp_path: Path) -> None:
    import torch

    writer = torch_writer(tmp_path)
    for step in range(5):
        writer.add_scalar("new", step / 3, step, new_style=True)
        writer.add_scalar("double", step / 3, step, new_style=True, double_precision=True)
    writer.add_tensor("tensor", torch.zeros(1), 1)
    writer.close()
    path = only_file(tmp_path)
    assert as_read_here(path) == as_tensorboard_reads(path)
    assert [it.value for it in read_all(path) if it.tag == "double"] == [n / 3 for n in range(5)]


def test_a_value_that_is_no_number(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_bytes(simple("a", math.nan) + simple("a", -math.inf))
    first, second = read_all(path)
    assert math.isnan(first.value)
    assert second.value == -math.inf


def test_reads_summaries_as_tensorflow_2_and_keras_write_them(tmp_path: Path) -> None:
    path = tmp_path / f"{NAME}.v2"
    records = [event(file_version="brain.Event:2")]
    for step in range(20):
        summary = scalar_summary.scalar_pb("epoch_loss", step / 7, description="the loss")
        records.append(event(step, 1e9 + step / 8, summary=summary))
    path.write_bytes(b"".join(records))
    expected = as_tensorboard_reads(path)
    assert len(next(iter(expected.values()))) == 20
    assert as_read_here(path) == expected


NUMBERS: dict[int, list[float]] = {
    types_pb2.DT_FLOAT: [0.0, 1 / 3, -1e30, math.inf],
    types_pb2.DT_DOUBLE: [0.0, 1 / 3, -1e300],
    types_pb2.DT_HALF: [0.0, 0.5, -1.5, 65504],
    types_pb2.DT_INT8: [0, 5, -128],
    types_pb2.DT_INT16: [0, 5, -(2**15)],
    types_pb2.DT_INT32: [0, 5, -(2**31)],
    types_pb2.DT_INT64: [0, 5, -(2**63), 2**63 - 1],
    types_pb2.DT_UINT8: [0, 255],
    types_pb2.DT_UINT16: [0, 65535],
    types_pb2.DT_BOOL: [False, True],
}


@pytest.mark.parametrize("kind", NUMBERS, ids=types_pb2.DataType.Name)
def test_every_type_of_number_in_both_encodings(tmp_path: Path, kind: int) -> None:
    path = tmp_path / NAME
    expected = []
    records = []
    for value in NUMBERS[kind]:
        listed = make_tensor_proto(value, dtype=kind)
        array = make_ndarray(listed)
        packed = tensor_pb2.TensorProto(dtype=kind, tensor_content=array.tobytes())
        records += [tensor("a", listed), tensor("a", packed)]
        expected += [float(array.item())] * 2
    path.write_bytes(b"".join(records))
    assert [it.value for it in read_all(path)] == expected


def test_numbers_that_numpy_does_not_have_or_that_are_written_otherwise(tmp_path: Path) -> None:
    proto = tensor_pb2.TensorProto
    bfloat16 = struct.unpack("<I", struct.pack("<f", 1.5))[0] >> 16
    unpacked_float = b"\x08\x01" + b"\x2d" + struct.pack("<f", 0.25)
    unpacked_integer = b"\x08\x03" + b"\x38\x07"
    path = tmp_path / NAME
    path.write_bytes(
        tensor("a", proto(dtype=types_pb2.DT_BFLOAT16, half_val=[bfloat16]))
        + tensor("a", proto(dtype=14, tensor_content=bfloat16.to_bytes(2, "little")))
        + tensor("a", proto(dtype=types_pb2.DT_UINT32, uint32_val=[2**32 - 1]))
        + tensor("a", proto(dtype=types_pb2.DT_UINT64, uint64_val=[2**64 - 2**11]))
        + tensor("a", proto(dtype=types_pb2.DT_FLOAT))
    )
    assert [it.value for it in read_all(path)] == [1.5, 1.5, 2**32 - 1, 2**64 - 2**11, 0.0]

    def raw(tensor_bytes: bytes) -> bytes:
        value = b"\x0a\x01a\x42" + bytes([len(tensor_bytes)]) + tensor_bytes
        value += b"\x4a\x0b\x0a\x09\x0a\x07scalars"
        summary = b"\x0a" + bytes([len(value)]) + value
        return framed(b"\x2a" + bytes([len(summary)]) + summary)

    path.write_bytes(raw(unpacked_float) + raw(unpacked_integer))
    assert [it.value for it in read_all(path)] == [0.25, 7.0]


def test_tensors_that_are_no_scalars_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_bytes(
        tensor("vector", make_tensor_proto([1.0, 2.0]))
        + tensor("integers", make_tensor_proto([1, 2]))
        + tensor("string", make_tensor_proto("text"))
        + tensor("complex", make_tensor_proto(1j, dtype=types_pb2.DT_COMPLEX64))
        + tensor("image", make_tensor_proto(1.0), plugin="images")
        + tensor("unknown", make_tensor_proto(1.0), plugin="")
        + tensor("known", make_tensor_proto(1.0), step=1)
        + tensor("known", make_tensor_proto(2.0), step=2, plugin="")
    )
    assert read_all(path) == [Scalar("known", 1, 1.0, 1.5), Scalar("known", 2, 2.0, 1.5)]


def test_negative_steps_and_several_values_in_one_event(tmp_path: Path) -> None:
    path = tmp_path / NAME
    values = [summary_pb2.Summary.Value(tag=tag, simple_value=1) for tag in "abc"]
    path.write_bytes(event(-5, summary=summary_pb2.Summary(value=values)))
    assert [(it.tag, it.step) for it in read_all(path)] == [("a", -5), ("b", -5), ("c", -5)]


def test_the_checksum_is_tensorboards() -> None:
    for length in [0, 1, 24, 50, 255, 2**20, 2**31 - 1, 2**64 - 1]:
        assert masked_crc(length) == masked_crc32c(struct.pack("<Q", length))


def test_at_most_so_many_points_at_once(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_bytes(b"".join(simple("a", 0, step) for step in range(10)))
    file = EventFile(path)
    parts = [[it.step for it in file.read(4)] for _ in range(4)]
    assert parts == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9], []]


def content_to_cut(kilobytes: int = 0) -> bytes:
    picture = summary_pb2.Summary.Value(tag="image")
    picture.image.encoded_image_string = os.urandom(kilobytes * 1024)
    return (
        event(file_version="brain.Event:2")
        + simple("a", 1, 1)
        + event(2, summary=summary_pb2.Summary(value=[picture]))
        + tensor("b", make_tensor_proto(2.0), 3)
        + simple("a", 3, 4)
    )


def test_a_file_that_grows_byte_by_byte(tmp_path: Path) -> None:
    content = content_to_cut()
    path = tmp_path / NAME
    file = EventFile(path)
    assert file.read(100) == []
    seen = []
    with path.open("wb", buffering=0) as writer:
        for position in range(len(content)):
            writer.write(content[position : position + 1])
            seen += file.read(100)
            (tmp_path / "whole").write_bytes(content[: position + 1])
            assert seen == read_all(tmp_path / "whole")
    assert [(it.tag, it.step) for it in seen] == [("a", 1), ("b", 3), ("a", 4)]


def test_a_file_that_is_cut_anywhere_and_continued(tmp_path: Path) -> None:
    content = content_to_cut()
    path = tmp_path / NAME
    path.write_bytes(content)
    whole = read_all(path)
    assert len(whole) == 3
    for position in range(len(content)):
        path.write_bytes(content[:position])
        file = EventFile(path)
        before = file.read(100)
        with path.open("ab") as writer:
            writer.write(content[position:])
        assert before + file.read(100) == whole


def test_a_large_record_that_is_cut_is_waited_for(tmp_path: Path) -> None:
    content = content_to_cut(kilobytes=3000)
    path = tmp_path / NAME
    path.write_bytes(content[: len(content) // 2])
    file = EventFile(path)
    assert [it.step for it in file.read(100)] == [1]
    path.write_bytes(content)
    assert [it.step for it in file.read(100)] == [3, 4]


def test_large_images_take_no_memory(tmp_path: Path) -> None:
    writer = torch_writer(tmp_path)
    noise = np.random.default_rng(1).integers(0, 255, (3, 1200, 1200), np.uint8)
    for step in range(5):
        writer.add_scalar("a", step, step)
        writer.add_image("image", noise, step)
    writer.close()
    path = only_file(tmp_path)
    assert path.stat().st_size > 15 * MAX_RECORD_BYTES
    tracemalloc.start()
    scalars = read_all(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [it.step for it in scalars] == list(range(5))
    assert peak < 2 * MAX_RECORD_BYTES


def test_a_file_that_shrinks_vanishes_or_is_none(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_bytes(content_to_cut())
    file = EventFile(path)
    assert len(file.read(100)) == 3
    path.write_bytes(b"")
    assert file.read(100) == []
    path.unlink()
    assert file.read(100) == []
    path.mkdir()
    assert file.read(100) == []
    path.rmdir()
    os.mkfifo(path)
    assert file.read(100) == []
    assert read_all(path) == []
    path.unlink()
    path.symlink_to("/dev/zero")
    assert read_all(path) == []


def test_an_absurd_length_ends_the_file(tmp_path: Path) -> None:
    path = tmp_path / NAME
    length = struct.pack("<Q", 2**40)
    path.write_bytes(length + struct.pack("<I", masked_crc32c(length)) + bytes(100))
    file = EventFile(path)
    assert file.read(100) == []
    path.write_bytes(simple("a", 1))
    assert file.read(100) == []


def test_nothing_is_read_after_a_wrong_length(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_bytes(simple("a", 1) + bytes(100) + simple("a", 2))
    assert [it.value for it in read_all(path)] == [1]


def test_a_record_that_is_broken_inside_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / NAME
    broken = [b"\xff" * 30, b"\x2a\x7f", b"\x09abc", b"\x0b", b"\x2a\x02\x0a\x7f"]
    path.write_bytes(b"".join(map(framed, broken)) + simple("a", 2))
    assert [it.value for it in read_all(path)] == [2]


def test_a_tag_that_is_absurdly_long_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / NAME
    path.write_bytes(simple("a" * 5000, 1) + simple("b", 2))
    assert [it.tag for it in read_all(path)] == ["b"]


QUICK = settings(
    max_examples=chosen(60, 300),
    deadline=2000,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@QUICK
@given(content=st.binary(max_size=300))
def test_random_bytes(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / NAME
    path.write_bytes(content)
    read_all(path)


@QUICK
@given(contents=st.lists(st.binary(max_size=100), max_size=5))
def test_random_bytes_in_sound_frames(tmp_path: Path, contents: list[bytes]) -> None:
    path = tmp_path / NAME
    path.write_bytes(b"".join(map(framed, contents)) + simple("last", 1))
    assert read_all(path)[-1].tag == "last"


@QUICK
@given(
    flips=st.lists(st.tuples(st.integers(0, 2**16), st.integers(1, 255)), min_size=1, max_size=4)
)
def test_flipped_bytes(tmp_path: Path, flips: list[tuple[int, int]]) -> None:
    content = bytearray(content_to_cut())
    for position, bits in flips:
        content[position % len(content)] ^= bits
    path = tmp_path / NAME
    path.write_bytes(content)
    assert len(read_all(path)) <= 6
