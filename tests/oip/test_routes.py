"""What no client of others asks for: odd methods, forms and paths, and texts from texts."""

from __future__ import annotations

import json
import struct

import pytest
from support.host import MODELS, Host

from .wire import LENGTH, binary, infer, send, tensor


def test_heads_and_methods(host: Host) -> None:
    for path in ("", "/health/ready", "/models/plain", "/models/plain/ready"):
        said = send(host, path, method="HEAD")
        assert (said.status, said.body) == (200, b"")
    said = send(host, "/models/plain", b"{}", method="PUT")
    assert said.status == 405 and said.error
    assert send(host, "/models/plain/infer").status == 405
    assert send(host, "/nowhere").error


def test_health_says_both(host: Host) -> None:
    for path in ("live", "ready"):
        assert send(host, f"/health/{path}").json() == {"live": True, "ready": True}
    assert send(host, "/models/plain/ready").json() == {"name": "plain", "ready": True}


def test_names_are_decoded(host: Host) -> None:
    assert send(host, "/models/oip%5Fpair").json()["name"] == "oip_pair"
    assert send(host, "/models/n%C3%A9").error == "Model with name né does not exist."


def test_the_root_has_what_has_no_slash(host: Host) -> None:
    assert host.get("/v2").json()["name"] == "deepaas"
    assert host.get("/v2/models/plain").json()["platform"] == "deepaas"
    assert host.get("/v2/models/nobody").json() == {
        "error": "Model with name nobody does not exist."
    }
    assert "links" in host.get("/v2/models/plain/").json()
    assert host.get("/v2/models/").json()["models"]


def test_a_dict_of_texts_is_outputs_by_name(host: Host) -> None:
    text = tensor("text", datatype="BYTES", shape=[1], data=["hello"])
    said = infer(host, text, model="plain", id="7", headers={"Content-Type": "text/plain"})
    assert said.json() == {
        "model_name": "plain",
        "model_version": "1",
        "id": "7",
        "outputs": [{"name": "text", "datatype": "BYTES", "shape": [1], "data": ["hello"]}],
    }


def test_a_named_output_says_itself_how_it_is_wanted(host: Host) -> None:
    """https://github.com/triton-inference-server/server: a global flag is for those without."""
    x = tensor(data=[1, 2])
    parameters = {"binary_data_output": True}
    said = infer(host, x, outputs=[{"name": "same"}], parameters=parameters)
    assert said.json()["outputs"][0]["data"] == [1, 2]
    assert LENGTH not in said.headers
    said = infer(host, x, parameters=parameters)
    assert said.headers["Content-Type"] == "application/octet-stream"
    head = json.loads(said.body[: int(said.headers[LENGTH])])
    assert head["outputs"][0]["parameters"] == {"binary_data_size": 8}
    assert said.body.endswith(struct.pack("<2f", 1, 2))


def test_a_file_is_its_content(host: Host) -> None:
    source = (MODELS / "oip_tensors.py").read_text()
    for kind in ("path", "open"):
        wanted = tensor("kind", datatype="BYTES", shape=[1], data=[kind])
        (output,) = infer(host, tensor(data=[1, 2]), wanted).json()["outputs"]
        assert output == {"name": "output", "datatype": "BYTES", "shape": [1], "data": [source]}


@pytest.mark.parametrize("count", [10, 50_000, 200_000, 400_000])
def test_what_a_model_keeps_is_its_own(host: Host, count: int) -> None:
    """Whatever comes later: bodies follow each other in the same memory."""

    def ask(kind: str, fill: int) -> bytes:
        x = binary(4 * count, shape=[count])
        told = tensor("kind", datatype="BYTES", shape=[1], data=[kind])
        parameters = {"binary_data_output": True}
        behind = struct.pack("<f", fill) * count
        return infer(host, x, told, behind=behind, parameters=parameters).body[-4 * count :]

    first = ask("keep", 1)
    assert first == struct.pack("<f", 1) * count
    for fill in range(2, 20):
        assert ask("same", fill) == struct.pack("<f", fill) * count
    assert ask("kept", 20) == first


def test_null_is_nan(host: Host) -> None:
    for data in ([1, None], [[1], [None]]):
        said = infer(host, tensor(data=data))
        assert said.json()["outputs"][0]["data"] == [1, None]


def test_a_body_that_is_the_one_input(host: Host) -> None:
    """Triton's raw binary request: of a model with one input, or one that must be given."""
    head = {LENGTH: "0"}
    said = send(host, "/models/oip_scalars/infer", struct.pack("<d", 2.5), head)
    assert said.json()["outputs"][0] == {
        "name": "number",
        "datatype": "FP64",
        "shape": [1],
        "data": [2.5],
    }
    assert "needs 8" in send(host, "/models/oip_scalars/infer", b"1234", head).error
    assert "has 2" in send(host, "/models/oip_pair/infer", b"1234", head).error
    said = send(host, "/models/upper/infer", "né".encode(), head)
    assert said.json()["outputs"][0]["data"] == ["NÉ"]


def generate(host: Host, model: str, **body: object) -> object:
    return send(host, f"/models/{model}/generate", json.dumps(body).encode()).json()


def test_texts_from_texts(host: Host) -> None:
    assert generate(host, "upper", text_input="hello") == {
        "model_name": "upper",
        "model_version": "1",
        "text_output": "HELLO",
    }
    told = {"model_name": "writer", "model_version": "1"}
    assert generate(
        host, "writer", text_input="a", id="x", parameters={"count": 3, "top_k": 1}
    ) == {
        **told,
        "id": "x",
        "text_output": "a 0 a 1 a 2 ",
    }
    assert generate(host, "writer", text_input="a", count=1) == {**told, "text_output": "a 0 "}
    assert generate(host, "writer", text_input="a", more=1) == {
        "error": "model 'writer' has no input 'more'"
    }
    assert generate(host, "oip_pair", text_input="a") == {
        "error": "model 'oip_pair' does not generate text: it has no text input"
    }
    assert "is not text" in str(generate(host, "oip_scalars", text_input="a", number=1))
    assert "count" in str(generate(host, "writer", text_input="a", count="many"))


def events(host: Host, model: str, **body: object) -> list[object]:
    said = send(host, f"/models/{model}/generate_stream", json.dumps(body).encode())
    assert said.status == 200
    assert said.headers["Content-Type"].startswith("text/event-stream")
    lines = said.body.decode().splitlines()
    return [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data")]


def test_texts_as_they_are_made(host: Host) -> None:
    told = {"model_name": "writer", "model_version": "1"}
    assert events(host, "writer", text_input="a", count=3) == [
        {**told, "text_output": f"a {number} "} for number in range(3)
    ]
    long = "é" * 100_000
    assert events(host, "writer", text_input=long, count=2) == [
        {**told, "text_output": f"{long} {number} "} for number in range(2)
    ]
    assert events(host, "writer", text_input="a", count=0) == []
    (whole,) = events(host, "upper", text_input="a", id="7")
    assert whole == {**told, "model_name": "upper", "text_output": "A", "id": "7"}
    first, failed = events(host, "writer", text_input="a", fail=True)
    assert first == {**told, "text_output": "a 0 "}
    assert isinstance(failed, dict) and "out of words" in failed["error"]


@pytest.mark.parametrize("path", ["generate", "generate_stream", "infer"])
def test_what_is_wrong_before_there_is_anything_has_its_status(host: Host, path: str) -> None:
    said = send(host, f"/models/nobody/{path}", b"{}")
    assert (said.status, said.error) == (404, "Model with name nobody does not exist.")
    assert send(host, f"/models/writer/versions/9/{path}", b"{}").status == 404
    assert send(host, f"/models/writer/{path}", b"{}").status == 400


def test_an_error_of_the_model_is_told(host: Host) -> None:
    body = json.dumps({"inputs": [tensor("fail", datatype="BOOL", shape=[1], data=[True])]})
    said = send(host, "/models/writer/infer", body.encode())
    assert said.status == 400
    assert "prompt" in said.error


def test_statistics_and_config_have_the_version(host: Host) -> None:
    told = send(host, "/models/oip_scalars/versions/2.5.1/stats").json()["model_stats"]
    assert [(one["name"], one["version"]) for one in told] == [("oip_scalars", "2.5.1")]
    config = send(host, "/models/writer/config").json()
    assert config["model_transaction_policy"] == {"decoupled": True}
