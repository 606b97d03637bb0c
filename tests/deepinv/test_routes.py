"""What DeepInverse's client does not ask for, and what becomes of arguments and results."""

from __future__ import annotations

import json
import math
import re

import numpy as np
import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator
from support.host import Host

from .wire import START, array_in, ask, body_of, send, url_of

Y = np.arange(6, dtype=np.float32).reshape(2, 3)


def test_one_call_has_four_paths(host: Host) -> None:
    body = body_of(url_of(Y))
    for path in ("/deepinv/same", "/deepinv/same/runsync", "/same", "/same/runsync"):
        said = send(host, path, body)
        assert said.headers["Content-Type"].startswith("application/json")
        assert np.array_equal(said.array, Y)
        assert list(json.loads(said.body)["output"]) == ["file"]


def test_the_root_keeps_what_is_there(host: Host) -> None:
    assert host.get("/healthz").status == 200
    assert host.get("/same").status == 405
    assert send(host, "/nobody", b"{}").status == 404
    assert host.get("/v2/models/").json()["models"]


def test_what_the_door_says_of_a_model(host: Host) -> None:
    told = host.get("/deepinv/denoise").json()
    assert told["model"] == "denoise"
    assert told["file"] == {"argument": "y", "expects": "float32 of shape [-1, 1, -1, -1]"}
    assert list(told["metadata"]) == ["physics", "sigma", "mask", "steps", "note"]
    assert told["metadata"]["physics"] == {
        "expects": "string",
        "required": False,
        "default": "denoising",
        "enum": ["denoising", "inpainting"],
    }
    assert host.get("/deepinv/picture").json()["file"]["expects"].startswith("a PNG image")
    assert host.get("/deepinv/stored").json()["file"]["expects"].startswith("the file that torch")
    # The tensor is the first argument that can be one, not the first of all.
    assert host.get("/deepinv/deepinv_forms").json()["file"]["argument"] == "y"


def test_models_without_a_tensor_say_so(host: Host) -> None:
    for said in (ask(host, "plain", Y), send(host, "/deepinv/plain", b"", method="GET")):
        assert said.status == 501
        assert "takes no tensor, image or file" in said.error
    (door,) = (d for d in host.get("/doors.json").json()["doors"] if d["name"] == "deepinv")
    assert door["models"]["plain"] == {"links": [], "snippets": []}
    assert door["models"]["same"]["links"] == [{"label": "DeepInverse", "path": "/deepinv/same"}]


def test_the_document_has_the_mapping(host: Host) -> None:
    document = host.get("/openapi/deepinv.json").json()
    assert "/deepinv/plain" not in document["paths"]
    for path in ("/deepinv/denoise", "/deepinv/denoise/runsync"):
        body = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
        given = body["schema"]["properties"]["input"]["properties"]
        assert given["file"]["description"] == "Argument 'y': float32 of shape [-1, 1, -1, -1]"
        assert given["metadata"]["additionalProperties"] is False
        assert given["metadata"]["properties"]["physics"]["enum"] == ["denoising", "inpainting"]
        assert "anyOf" in given["metadata"]["properties"]["mask"]


def test_metadata_is_arguments(host: Host) -> None:
    y = Y.reshape(2, 1, 1, 3)[..., :2]
    said = ask(host, "denoise", y, {"sigma": 0.5, "steps": [1, 2.5], "note": "data:,a text"})
    assert np.array_equal(said.array, y / 2)
    metadata = said.metadata
    assert np.array_equal(array_in(metadata.pop("residual")), y / 2)
    assert metadata == {
        "physics": "denoising",
        "psnr": 30.5,
        "steps": [1.0, 2.5],
        "mean": float(y.mean()),
        "note": "data:,a text",
    }
    mask = np.zeros_like(y)
    mask[0] = 1
    said = ask(host, "denoise", y, {"physics": "inpainting", "mask": url_of(mask)})
    assert np.array_equal(said.array, y * mask)
    # A number may be a tensor, and a tensor a number or lists.
    said = ask(host, "denoise", y, {"sigma": url_of(np.float32(0.5)), "steps": url_of([1.0, 2.0])})
    assert np.array_equal(said.array, y / 2)
    assert said.metadata["steps"] == [1, 2]
    said = ask(host, "deepinv_forms", Y, {"form": "given", "weights": [1, 2], "odd-name": True})
    assert said.metadata == {"told": [0.0, 1.0, 2.0], "odd": True}


def test_numbers_that_are_none(host: Host) -> None:
    metadata = {
        "form": "given",
        "sigma": math.nan,
        "weights": [math.inf, -math.inf, math.nan, 1],
    }
    assert b"NaN" in body_of("", metadata) and b"-Infinity" in body_of("", metadata)
    first, *others = ask(host, "deepinv_forms", Y, metadata).metadata["told"]
    assert math.isnan(first)
    assert others[:2] == [math.inf, -math.inf] and math.isnan(others[2]) and others[3] == 1
    # In texts they are texts, wherever the first one is.
    y = Y[:, np.newaxis, :, np.newaxis]
    for note in ('NaN, "NaN": NaN', "Infinity\\", "é -Infinity"):
        said = ask(host, "denoise", y[:, :, :2], {"sigma": math.nan, "note": note})
        assert said.status == 422
        assert "sigma: Special numeric values" in said.error
    said = send(host, "/deepinv/same", body_of(url_of(Y)).replace(b'"input"', b'"x": NaN, "input"'))
    assert np.array_equal(said.array, Y)


@pytest.mark.parametrize(
    "form,expected",
    [
        ("tensor", Y),
        ("scalar", np.float32(15)),
        ("number", np.int64(7)),
        ("lists", np.array([[1, 2], [3.5, 4]])),
        ("pair", Y),
        ("tensors", Y),
        ("named", Y),
        ("numbers", np.array([0.5, 0.25])),
        ("others", Y),
        ("npy", Y),
        ("picture", np.array([[[[0, 0.2, 1]]]], np.float32)),
    ],
)
def test_results_are_one_tensor(host: Host, form: str, expected: np.ndarray) -> None:
    found = ask(host, "deepinv_forms", Y, {"form": form}).array
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    assert np.array_equal(found, expected)


def test_other_results_are_metadata_that_the_client_accepts(host: Host) -> None:
    def told(form: str) -> dict[str, object]:
        return ask(host, "deepinv_forms", Y, {"form": form}).metadata

    assert told("pair") == {"psnr": 30.5, "count": 3}
    tensors = told("tensors")
    assert np.array_equal(array_in(str(tensors.pop("output_1"))), Y + 1)
    assert tensors == {"output_2": "text"}
    assert told("numbers") == {"label": "cat"}
    others = told("others")
    assert math.isnan(float(str(others.pop("nan"))))
    assert array_in(str(others.pop("complex"))) == np.complex64(1 + 2j)
    assert array_in(str(others.pop("half"))).dtype == np.float16
    assert array_in(str(others.pop("nested"))).tolist() == [[1, 2], [3, 4]]
    assert others == {
        "none": None,
        "yes": True,
        "infinity": math.inf,
        "flat": [1, "a", None],
        "object": '{"a":[1,{"b":2}]}',
        "day": "2026-01-31",
    }


@pytest.mark.parametrize("form", ["text", "nothing", "texts", "pickle"])
def test_results_without_a_tensor(host: Host, form: str) -> None:
    said = ask(host, "deepinv_forms", Y, {"form": form})
    assert said.status == 400
    assert "returned no tensor and no numbers" in said.error


def test_results_that_cannot_be_sent(host: Host) -> None:
    said = ask(host, "deepinv_forms", Y, {"form": "odd"})
    assert said.status == 500
    host.wait_for_log(json.loads(said.body)["id"])


def test_the_last_step_is_the_result(host: Host) -> None:
    assert np.array_equal(ask(host, "steps", Y, {"count": 4}).array, Y + 3)
    assert "yielded nothing" in ask(host, "steps", Y, {"count": 0}).error


def test_answers_are_not_compressed(host: Host) -> None:
    """The client accepts gzip, which takes longer than most networks need for base64."""
    body = body_of(url_of(np.zeros((64, 1024), np.float32)))
    said = send(host, "/deepinv/same", body, {"Accept-Encoding": "gzip, deflate"})
    assert "Content-Encoding" not in said.headers
    assert said.array.shape == (64, 1024)


def test_timings_on_wish(host: Host) -> None:
    for query in ("?timings=1", "?timings", "?timings=true"):
        metadata = ask(host, "same", Y, query=query).metadata
        assert sorted(metadata) == ["predict_seconds", "queue_seconds"]
        assert all(0 <= float(seconds) < 60 for seconds in metadata.values())
    assert ask(host, "same", Y, query="?timings=false").metadata == {}


def test_a_file_is_the_one_of_torch_save(host: Host) -> None:
    said = ask(host, "stored", Y)
    assert said.array > 500
    assert said.metadata == {"begin": "PK\3\4"}


@pytest.mark.parametrize("shape", [(4, 5), (1, 4, 5), (3, 4, 5), (1, 1, 3, 4, 5), (4, 4, 5)])
def test_a_picture_is_a_png(host: Host, shape: tuple[int, ...]) -> None:
    values = np.linspace(-0.1, 1.1, int(np.prod(shape)), dtype=np.float32).reshape(shape)
    expected = np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
    expected = expected.reshape(-1, *shape[-2:]).transpose(1, 2, 0)
    for given in (values, np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)):
        found = ask(host, "picture", given).array
        assert np.array_equal(found.reshape(expected.shape), expected[:, ::-1])


def test_what_is_no_picture(host: Host) -> None:
    for given in (Y.reshape(6), np.zeros((2, 2, 3, 4, 5), np.float32), Y.astype(np.int32), Y[:0]):
        said = ask(host, "picture", given)
        assert said.status == 400
        assert "the model takes a picture" in said.error and "file (argument 'image')" in said.error


@pytest.mark.parametrize(
    "metadata,said",
    [
        ({"sigmaa": 1}, "has no argument 'sigmaa'. Did you mean sigma? Its arguments: physics, s"),
        ({"zzzz": 1}, "has no argument 'zzzz'. Its arguments: physics, sigma, mask, steps, note"),
        ({"x" * 500: 1}, "has no argument '" + "x" * 50 + "...'. "),
        ({"y": 1}, "metadata: 'y' is the tensor of the call, 'file'"),
        ({"physics": "blur"}, "physics: Must be one of: denoising, inpainting."),
        ({"sigma": "much"}, "sigma: Not a valid number."),
        ({"sigma": None}, "sigma: Field may not be null."),
        ({"sigma": {"a": 1}}, "sigma: "),
        ({"sigma": url_of(Y)}, "sigma: expected a tensor with one element, got 6"),
        ({"mask": "data:image/png;base64,AAAA"}, "metadata 'mask': the media type of the data"),
        ({"mask": "data:application/octet-stream,AA"}, "metadata 'mask': the data URL must be"),
        ({"mask": START + "!!!!"}, "metadata 'mask': the data URL is not valid base64"),
        (7, "does not follow the protocol: Expected `object | null`, got `int`"),
    ],
)
def test_what_is_wrong_with_metadata(host: Host, metadata: object, said: str) -> None:
    answer = ask(host, "denoise", np.zeros((1, 1, 2, 2), np.float32), metadata)
    assert answer.status in (400, 422)
    assert said in answer.error


def test_what_the_tensor_should_be(host: Host) -> None:
    for given in (Y, np.zeros((1, 1, 2, 2)), np.zeros((1, 3, 2, 2), np.float32)):
        said = ask(host, "denoise", given)
        assert said.status == 422
        assert re.match(r"y: expected float32 of shape \[-1, 1, -1, -1\], got float", said.error)


def test_errors_of_the_model_have_an_id(host: Host) -> None:
    said = ask(host, "denoise", np.zeros((1, 1, 2, 3), np.float32))
    assert said.status == 500
    assert said.error == "ValueError: the width must be even, got 3"
    host.wait_for_log(json.loads(said.body)["id"])


def test_other_methods_and_paths_have_the_shape_of_the_door(host: Host) -> None:
    for path, method, status in (
        ("/deepinv/same", "PUT", 405),
        ("/deepinv/same/runsync", "GET", 405),
        ("/deepinv/same/run", "POST", 404),
        ("/deepinv/nobody", "POST", 404),
    ):
        said = send(host, path, b"", method=method)
        assert said.status == status
        assert said.error


def test_the_document_is_valid(host: Host) -> None:
    OpenAPIV30SpecValidator(host.get("/openapi/deepinv.json").json()).validate()
