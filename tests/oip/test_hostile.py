"""Requests that lie are refused in words, within limits; the model and others notice nothing."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest
from support.host import Host
from support.processes import resident_mb

from .wire import LENGTH, Said, binary, infer, send, tensor

EIGHT = b"\0" * 8
FLAT_MB = 100
"""How much more the process of a model may take when it has seen all of these."""


@pytest.fixture(autouse=True)
def unharmed(host: Host) -> Iterator[None]:
    restarts = host.readiness("oip_tensors")["restarts_count"]
    worker_mb = _largest_mb(host)
    yield
    assert infer(host, tensor(data=[1, 2])).status == 200
    assert host.readiness("oip_tensors")["restarts_count"] == restarts
    assert _largest_mb(host) < worker_mb + FLAT_MB
    assert host.temporary_files() == []


def _largest_mb(host: Host) -> float:
    return max(map(resident_mb, (process.pid for process in host.family())))


def refused(said: Said, *words: str) -> None:
    assert said.status == 400, said
    for word in words:
        assert word in said.error, said.error


@pytest.mark.parametrize(
    "shape",
    [
        [-1],
        [2**63],
        [2**32, 2**32],
        [2**62, 4, 2**62],
        [10**30],
        [1] * 33,
        [1] * 100_000,
        [1.5],
        ["2"],
        [True],
        [None],
        2,
        None,
        [[2]],
        [2**40, 0, 2**40, -1],
    ],
)
@pytest.mark.parametrize("datatype", ["FP32", "BYTES", "BOOL"])
def test_shapes_that_are_none(host: Host, shape: Any, datatype: str) -> None:
    refused(infer(host, binary(shape=shape, datatype=datatype), behind=EIGHT))
    refused(infer(host, tensor(shape=shape, datatype=datatype, data=[1, 2])))


def test_an_empty_shape_is_one_element(host: Host) -> None:
    assert infer(host, tensor(shape=[], data=[7])).json()["outputs"][0]["data"] == [7]
    refused(infer(host, tensor(shape=[], data=[])))


@pytest.mark.parametrize(
    "size", [-1, 9, 7, 0, 2**31, 2**63, 2**64, 10**40, 8.0, 8.5, "8", True, [8], {}]
)
def test_sizes_that_lie(host: Host, size: Any) -> None:
    refused(infer(host, binary(size), behind=EIGHT), "input 'x'")


def test_sizes_that_do_not_add_up(host: Host) -> None:
    kind = {**binary(5, datatype="BYTES", shape=[1]), "name": "kind"}
    refused(infer(host, binary(), kind, behind=EIGHT), "binary_data_size is 5, but 0 bytes")
    refused(infer(host, binary(), behind=EIGHT * 2), "there are 8 bytes that belong to no input")
    refused(infer(host, binary(), behind=EIGHT, length=""), "not valid JSON")
    refused(infer(host, binary()), "0 bytes are left after the JSON", LENGTH)
    refused(infer(host, binary(data=[1, 2]), behind=EIGHT), "both data and a binary_data_size")
    refused(infer(host, tensor()), "no data")


@pytest.mark.parametrize("length", [-1, 1, 10**3, 2**63, 10**30, "x", "1.5", "²", "0x10", "+5"])
def test_a_length_of_the_json_that_lies(host: Host, length: Any) -> None:
    length = str(length).encode().decode("latin-1")
    refused(infer(host, binary(), behind=EIGHT, length=length))


def test_a_length_that_is_no_text(host: Host) -> None:
    refused(infer(host, binary(), behind=EIGHT, length="1\xff"))


def test_numbers_that_do_not_fit(host: Host) -> None:
    refused(infer(host, tensor(datatype="FP32", shape=[1], data=[1e39])), "out of range")


@pytest.mark.parametrize("count", [1, 2**30, 2**32 - 1])
def test_lengths_of_elements_that_lie(host: Host, count: int) -> None:
    behind = count.to_bytes(4, "little") + b"abcd"
    if count != 4:
        refused(infer(host, binary(datatype="BYTES", shape=[1]), behind=behind))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b'{"inputs":{}}',
        b'{"inputs":[1]}',
        b'{"inputs":[{"name":1,"shape":[1],"datatype":"FP32","data":[1]}]}',
        b'{"inputs":[{"shape":[1],"datatype":"FP32","data":[1]}]}',
        b'{"inputs":[{"name":"x","shape":[1],"datatype":"FP31","data":[1]}]}',
        b'{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":NaN}]}',
        b'{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[NaN]}]}',
        b'{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":{"a":1}}]}',
        b'{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":["1"]}]}',
        b'{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[true]}]}',
        b'{"inputs":[{"name":"x","shape":[1],"datatype":"INT8","data":[128]}]}',
        b'{"inputs":[{"name":"x","shape":[1],"datatype":"INT8","data":[1.5]}]}',
        b'{"inputs":[{"name":"x","shape":[1],"datatype":"UINT64","data":[-1]}]}',
        b'{"inputs":[{"name":"x","shape":[1],"datatype":"INT64","data":[null]}]}',
        b'{"inputs":[{"name":"x","shape":[1],"datatype":"FP16","data":[1e30]}]}',
        b'{"inputs":[{"name":"x","shape":[1],"datatype":"BF16","data":[1]}]}',
        b'{"inputs":[{"name":"x","shape":[1],"datatype":"BYTES","data":[1]}]}',
        b'{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[1],"parameters":7}]}',
        b'{"inputs":[{"name":"x","shape":[2],"datatype":"FP32","data":[1]}]}',
        b'{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[[[1,2]]]}]}',
        b'{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[1]}],"outputs":[{}]}',
        b'{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[1]}],"id":7}',
        b'\xff{"inputs":[]}',
        b'{"inputs":[{"name":"x\xff","shape":[1],"datatype":"FP32","data":[1]}]}',
        b"[" * 100_000,
        b'{"inputs":' * 50_000,
        b'{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":' + b"[" * 50_000,
        b'{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":'
        + b"[" * 500
        + b"]" * 500
        + b"}]}",
    ],
)
def test_bodies_that_are_none(host: Host, body: bytes) -> None:
    refused(send(host, "/models/oip_tensors/infer", body))


@pytest.mark.parametrize("body", [b"{", b"[]", b"{}", b'{"text_input":7}', b"[" * 100_000])
def test_texts_that_are_none(host: Host, body: bytes) -> None:
    for path in ("generate", "generate_stream"):
        refused(send(host, f"/models/writer/{path}", body))


def test_what_unpacks_to_much(host: Host) -> None:
    bomb = gzip.compress(b"\0" * (64 * 2**20))
    head = {"Content-Encoding": "gzip", LENGTH: "10"}
    said = send(host, "/models/oip_tensors/infer", bomb, head)
    assert said.status == 413
    assert "expands to more than" in said.error
    refused(send(host, "/models/oip_tensors/infer", b"no gzip", head), "gzip")


def test_many_inputs_and_outputs(host: Host) -> None:
    many = [tensor(f"x{number}", data=[1, 2]) for number in range(20_000)]
    refused(infer(host, *many), "no input 'x0'")
    outputs = [{"name": f"y{number}"} for number in range(20_000)]
    refused(infer(host, tensor(data=[1, 2]), outputs=outputs), "no output 'y0'")
    refused(infer(host, tensor(data=[1, 2]), outputs=[{"name": "y" * 100_000}]), "no output")


def test_large_numbers_of_elements_in_little(host: Host) -> None:
    """A shape says how much there will be, and nothing is made before it has come."""
    refused(infer(host, tensor(shape=[2**28], data=[])), "268,435,456")
    refused(infer(host, binary(0, shape=[2**28], datatype="BYTES"), behind=b""))
    kind = {**tensor("kind", datatype="BYTES", shape=[1]), "data": ["same"]}
    for shape in ([0, 2**31], [2**31, 0], [10**4000, 0]):
        refused(infer(host, tensor(shape=shape, data=[]), kind), "shape")
    empty = infer(host, tensor(shape=[0, 1000], data=[]), kind)
    assert empty.status == 200
    assert json.loads(empty.body)["outputs"][0]["shape"] == [0, 1000]
