"""Tensors through V2, through Cog's door and through one that sends them as such."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import struct
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pytest
from compat.wire import Part, multipart_body
from support.host import Host, start_host
from support.processes import peak_mb
from support.waiting import wait_until

from .test_given import HOSTILE, hostile, npy, npz, torch_file

ENTRY_POINTS = """
[deepaas.protocol]
tensors = tensor_door:setup
[deepaas.codec]
tensors = tensor_codec
"""
PACKAGES = Path(__file__).parent / "packages"
NPY, NPZ = "application/x-npy", "application/x-npz"
POINTS = np.array([[1, 2], [3, 4]], np.float32)


class Answered(NamedTuple):
    status: int
    media_type: str
    body: bytes

    def json(self) -> Any:
        assert self.status == 200, self.body
        return json.loads(self.body)


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("packages")
    info = folder / "tensors-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: tensors\nVersion: 1\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    for source in PACKAGES.glob("*.py"):
        (folder / source.name).write_text(source.read_text())
    typed = [
        f"{name}={folder / 'typed_points.py'}:{name}"
        for name in ("run", "reads", "alone", "writes")
    ]
    models = ["points", *(word for one in typed for word in ("--model-name", one))]
    with start_host(models[:1], "--no-ui", *models[1:], packages=folder) as host:
        yield host


def ask(host: Host, path: str, body: Any = b"", type_: str = "", **headers: str) -> Answered:
    connection = HTTPConnection("127.0.0.1", host.port, timeout=60)
    if not isinstance(body, bytes):
        body, type_ = json.dumps(body).encode(), "application/json"
    with contextlib.closing(connection):
        connection.request("POST", path, body, {"Content-Type": type_, **headers})
        answer = connection.getresponse()
        return Answered(answer.status, answer.headers["Content-Type"], answer.read())


def predict(host: Host, model: str, body: Any = b"", type_: str = "", **headers: str) -> Answered:
    return ask(host, f"/v2/models/{model}/predict/", body, type_, **headers)


def form(host: Host, content: bytes, model: str = "points", **headers: str) -> Answered:
    body = multipart_body(Part("points", content, filename="x"))
    return predict(host, model, body.content, body.content_type or "", **headers)


def test_files_lists_and_texts(host: Host) -> None:
    got = ["float32", [[2.0, 3.0], [4.0, 5.0]], None]
    for content in (npy(POINTS), npz(points=POINTS), npz(a=POINTS)):
        assert form(host, content).json()["predictions"] == got
    given = {"points": POINTS.tolist()}
    assert predict(host, "points", given).json()["predictions"] == got
    answered = ask(host, "/v2/models/points/predict/?points=[[1,2],[3,4]]")
    assert answered.json()["predictions"] == got
    for _ in range(2):
        assert predict(host, "points").json()["predictions"] == ["float32", [], None]


def test_files_of_pytorch(host: Host) -> None:
    content = torch_file(lambda torch: torch.ones(1, 2))
    assert form(host, content).json()["predictions"][1] == [[2.0, 2.0]]


def test_large_ones(host: Host) -> None:
    large = np.zeros((100_000, 2), np.float32)
    answered = form(host, npy(large), model="run", Accept=NPZ)
    assert (answered.status, answered.media_type) == (200, NPZ)
    np.testing.assert_array_equal(np.load(io.BytesIO(answered.body))["twice"], large)


@pytest.mark.parametrize("model", ["points", "run"])
def test_what_does_not_fit_is_a_422(host: Host, model: str) -> None:
    answered = form(host, npy(np.zeros((1, 3), np.float32)), model)
    assert answered.status == 422
    said = "expected float32 of shape [-1, 2], got float32 of shape [1, 3]"
    assert json.loads(answered.body) == {"points": [said]}


def test_hostile_files_take_no_memory(host: Host) -> None:
    # Once what is imported for them is there, and what a file that is right takes.
    torch_file(lambda torch: torch.ones(1))
    form(host, torch_file(lambda torch: torch.ones(1, 2)))
    form(host, npz(points=np.zeros((1 << 20, 2), np.float32)))
    pid = predict(host, "points", {"give": "pid"}).json()["predictions"]
    before = peak_mb(pid)
    for content, said in map(hostile, HOSTILE):
        answered = form(host, content)
        assert answered.status == 422
        assert said.replace("'x'", "'points'") in answered.body.decode()
    assert peak_mb(pid) < before + 20
    assert host.temporary_files() == []


def test_npy_and_npz_by_accept(host: Host) -> None:
    one = predict(host, "points", {"points": POINTS.tolist(), "give": "one"}, Accept=NPY)
    assert (one.status, one.media_type) == (200, NPY)
    np.testing.assert_array_equal(np.load(io.BytesIO(one.body)), POINTS + 1)
    two = predict(host, "points", {"give": "two"}, Accept=f"{NPY};q=0.5, {NPZ}, */*;q=0.1")
    assert {name: one.dtype for name, one in np.load(io.BytesIO(two.body)).items()} == {
        "a": np.float32,
        "b": np.complex64,
    }
    named = predict(host, "points", {"give": "one"}, Accept=NPZ)
    assert list(np.load(io.BytesIO(named.body))) == ["output"]
    for accept in (f"{NPY};q=0.5, application/json", "*/*", f"{NPY};q=0"):
        assert predict(host, "points", {"give": "one"}, Accept=accept).json()["status"] == "OK"


@pytest.mark.parametrize(
    ("give", "accept", "said"),
    [
        ("text", NPY, "the result cannot be sent as application/x-npy: it is not a tensor"),
        ("mixed", NPZ, "the result cannot be sent as application/x-npz: its 'b' is not a tensor"),
        ("two", NPY, "the result consists of 2 tensors: request application/x-npz instead"),
        ("bytes", NPY, "the result has a tensor of bytes, which NumPy files do not support"),
    ],
)
def test_what_is_no_tensor_is_a_406(host: Host, give: str, accept: str, said: str) -> None:
    answered = predict(host, "points", {"give": give}, Accept=accept)
    assert answered.status == 406
    assert json.loads(answered.body)["message"] == said


def test_document_has_them_where_they_are_known(host: Host) -> None:
    paths = host.get("/swagger.json").json()["paths"]
    produces = {
        model: paths[f"/v2/models/{model}/predict/"]["post"]["produces"]
        for model in ("points", "run", "alone", "reads")
    }
    json_only = ["application/json"]
    assert produces == {
        "points": json_only,
        "run": [*json_only, NPZ],
        "alone": [*json_only, NPY, NPZ],
        "reads": json_only,
    }


def test_documents_are_valid(host: Host) -> None:
    validators = pytest.importorskip("openapi_spec_validator")
    for path in ("/openapi.json", "/cog/run/openapi.json"):
        document = host.get(path).json()
        assert list(validators.OpenAPIV30SpecValidator(document).iter_errors()) == []
    swagger, openapi = (
        host.get(path).json()["paths"]["/v2/models/run/predict/"]["post"]
        for path in ("/swagger.json", "/openapi.json")
    )
    form = openapi["requestBody"]["content"]["multipart/form-data"]["schema"]["properties"]
    for described in (swagger["parameters"][-1], form["points"]):
        assert described["x-tensor"] == {"dtype": "float32", "shape": [-1, 2]}


def cog(host: Host, model: str, given: Any, **headers: str) -> Answered:
    return ask(host, f"/cog/{model}/predictions", {"input": given}, **headers)


def url(array: Any) -> str:
    return f"data:{NPY};base64,{base64.b64encode(npy(array)).decode()}"


def test_cog_takes_and_gives_lists_and_data_urls(host: Host) -> None:
    for given in (POINTS.tolist(), url(POINTS)):
        output = cog(host, "run", {"points": given}).json()["output"]
        assert output == {"points": POINTS.tolist(), "twice": (POINTS * 2).tolist()}
    answered = cog(host, "run", {"points": url(POINTS)}, Prefer="tensors=data-url").json()
    assert answered["output"] == {"points": url(POINTS), "twice": url(POINTS * 2)}
    large = np.ones((20_000, 2), np.float32)
    answered = cog(host, "run", {"points": url(large)}, Prefer="tensors=data-url").json()
    assert answered["output"]["points"] == url(large)
    answered = cog(host, "writes", {}, Prefer="tensors=data-url").json()
    assert answered["output"] == f"data:text/plain;base64,{base64.b64encode(b'a text').decode()}"
    refused = cog(host, "run", {"points": [[1, 2, 3]]})
    assert refused.status == 422
    assert "got float32 of shape [1, 3]" in refused.body.decode()
    later = cog(host, "run", {"points": [[1, 2]]}, Prefer="respond-async, tensors=data-url")
    assert later.status == 202


def packed(*items: bytes) -> bytes:
    return b"".join(struct.pack("<I", len(item)) + item for item in items)


def sent(**tensors: Any) -> bytes:
    return msgspec.msgpack.encode(tensors)


@pytest.mark.parametrize("where", ["", "?in-the-worker"])
def test_tensors_of_a_door(host: Host, where: str) -> None:
    points = ["float32", [2, 2], POINTS.tobytes()]
    answered = ask(host, f"/tensors/points{where}", sent(points=points))
    assert answered.json()[1] == (POINTS + 1).tolist()
    file = ["bytes", [1], packed(b"%PDF- a text")]
    answered = ask(host, f"/tensors/points{where}", sent(file=file))
    assert answered.json() == ["%PDF- a text", "file.pdf"]
    answered = ask(host, f"/tensors/reads{where}", sent(file=file))
    assert answered.json() == "file.pdf %PDF- a text"
    refused = ask(host, f"/tensors/points{where}", sent(file=file, points=["bytes", [2], b""]))
    assert refused.status == 422
    assert host.temporary_files() == []


def test_tensors_of_a_training(host: Host) -> None:
    file = ["bytes", [1], packed(b"a text")]
    begun = ask(host, "/tensors/points/train", sent(file=file, points=["int8", [1], b"\x07"]))
    assert begun.status == 200, begun.body
    path = f"/v2/models/points/train/{begun.body.decode()}"
    wait_until(lambda: host.get(path).json()["status"] == "done", "it has been trained")
    told = host.get(path).json()
    assert json.loads(told["result"]["output"]) == ["a text", [7]]
    assert told["args"] == {
        "file": ["file", "application/octet-stream", "file"],
        "points": "int8 of shape [1]",
    }
    wait_until(lambda: not host.temporary_files(), "nothing is left")
