"""What is read from the documents of hosts."""

import subprocess
import sys
from typing import Any

import pytest

from deepaas.client.description import Argument, medium, read_models
from deepaas.client.notebook import training_html
from deepaas.client.runs import parse


def document(*parameters: dict[str, Any], **more: Any) -> dict[str, Any]:
    operation = {"parameters": list(parameters), "responses": {}, **more}
    return {"paths": {"/v2/models/m/predict/": {"post": operation}}, "definitions": {}}


def arguments(*parameters: dict[str, Any], **more: Any) -> dict[str, Argument]:
    [model] = read_models(document(*parameters, **more))
    return {argument.name: argument for argument in model.predict or ()}


@pytest.mark.parametrize("name", ["train", "predict", "t", "models", "ai"])
def test_names_that_are_parts_of_paths(name: str) -> None:
    parameter = {"name": "x", "in": "query", "type": "string"}
    operation = {"post": {"parameters": [parameter], "responses": {}}}
    paths = {f"/v2/models/{name}/{what}/": operation for what in ("predict", "train")}
    [model] = read_models({"paths": {f"/v2/models/{name}/": {"get": {}}, **paths}})
    assert model.name == name
    for taken in (model.predict, model.train):
        assert [one.name for one in taken or ()] == ["x"]


@pytest.mark.parametrize(
    ("description", "found"),
    [
        ("An image of a digit", "image"),
        ("IMAGES to look at", "image"),
        ("an audio recording", "audio"),
        ("a Video", "video"),
        ("an image or a video", None),
        ("an image #noparse", None),
        ("any data", None),
        ("", None),
    ],
)
def test_words_that_name_a_medium(description: str, found: str | None) -> None:
    assert medium(description) == found


@pytest.mark.parametrize(
    ("schema", "kind", "many"),
    [
        ({"type": "file"}, "file", False),
        ({"type": "array", "items": {"type": "file"}}, "file", True),
        ({"type": "string"}, "string", False),
        ({"type": "string", "format": "password"}, "password", False),
        ({"type": "string", "format": "date"}, "date", False),
        ({"type": "string", "format": "date-time"}, "datetime", False),
        ({"type": "integer", "format": "int32"}, "integer", False),
        ({"type": "number"}, "number", False),
        ({"type": "boolean"}, "boolean", False),
        ({"type": "object"}, "object", False),
        ({"$ref": "#/definitions/Point"}, "object", False),
        ({"type": "array", "items": {"type": "integer"}}, "array", False),
        ({"type": "array", "items": {"type": "string", "enum": ["a"]}}, "string", True),
        ({}, "any", False),
    ],
)
def test_kinds(schema: dict[str, Any], kind: str, many: bool) -> None:
    found = arguments({"name": "x", "in": "query", **schema})["x"]
    assert (found.kind, found.many) == (kind, many)


def test_the_whole_of_an_argument() -> None:
    parameter = {
        "name": "top",
        "in": "formData",
        "type": "integer",
        "required": True,
        "default": 3,
        "minimum": 1,
        "maximum": 10,
        "enum": [1, 3, None],
        "description": "How many",
    }
    expected = Argument("top", "integer", "How many", True, 3, 1, 10, (1, 3), False, "formData")
    assert arguments(parameter)["top"] == expected


@pytest.mark.parametrize(
    ("enum", "choices"),
    [(["a", "b"], ("a", "b")), ("seg", ("seg",)), (3, (3,)), ("", ("",)), (["a", None], ("a",))],
)
def test_choices_are_a_list(enum: Any, choices: tuple[Any, ...]) -> None:
    found = arguments({"name": "x", "in": "query", "type": "string", "enum": enum})
    assert found["x"].choices == choices


def test_a_body_is_taken_apart() -> None:
    schema = {"properties": {"a": {"type": "string"}, "b": {"type": "object"}}, "required": ["a"]}
    found = arguments({"name": "body", "in": "body", "schema": schema})
    assert [(a.name, a.kind, a.required, a.place) for a in found.values()] == [
        ("a", "string", True, "body"),
        ("b", "object", False, "body"),
    ]


def test_accept_is_no_input() -> None:
    accept = {"name": "accept", "in": "header", "type": "string"}
    [model] = read_models(document(accept | {"enum": ["image/png", "application/json", "*/*"]}))
    assert model.predict == ()
    assert model.accept is not None
    assert model.media_types == ("image/png", "application/json")


def test_without_accept_there_is_json() -> None:
    [model] = read_models(document(produces=["application/json", "image/png"]))
    assert model.media_types == ("application/json",)


def test_a_model_without_train_arguments_does_not_train() -> None:
    described = document()
    described["paths"]["/v2/models/m/train/"] = {"post": {"parameters": []}}
    assert read_models(described)[0].train is None
    described["paths"]["/v2/models/m/train/"]["post"]["x-implemented"] = True
    assert read_models(described)[0].train == ()


def test_the_response() -> None:
    described = document(responses={"200": {"schema": {"$ref": "#/definitions/Answer"}}})
    described["definitions"] = {
        "Box": {"type": "object", "properties": {"left": {"type": "integer"}}},
        "Answer": {
            "properties": {
                "label": {"type": "string", "description": "what it is"},
                "picture": {"type": "string", "description": "an image"},
                "size": {"type": "integer", "description": "of the image"},
                "box": {"allOf": [{"$ref": "#/definitions/Box"}]},
                "day": {"type": "string", "format": "date"},
            }
        },
    }
    fields = read_models(described)[0].response or ()
    assert [(f.name, f.kind, f.media) for f in fields] == [
        ("label", "string", None),
        ("picture", "string", "image"),
        ("size", "integer", None),
        ("box", "object", None),
        ("day", "date", None),
    ]


def test_an_answer_of_which_nothing_is_declared() -> None:
    described = document(responses={"200": {"schema": {"$ref": "#/definitions/Prediction"}}})
    described["definitions"]["Prediction"] = {"properties": {"status": {}, "predictions": {}}}
    assert read_models(described)[0].response is None


@pytest.mark.parametrize(
    ("name", "description", "found"),
    [
        ("image", "", "image"),
        ("input_image", "What to look at", "image"),
        ("imagePath", "", "image"),
        ("photo2", "", "image"),
        ("speech", "", "audio"),
        ("movie", "", "video"),
        ("image_or_video", "", None),
        ("imagery", "", None),
        ("document", "", None),
        ("image", "A scan in DICOM #noparse", None),
        ("image", "An image or a video", None),
        ("image", "An audio recording of it", "audio"),
    ],
)
def test_names_that_name_a_medium(name: str, description: str, found: str | None) -> None:
    assert Argument(name, "file", description).media == found
    assert Argument(name, "string", description).media is None


def test_metadata_is_found_by_the_path() -> None:
    entry = {
        "name": "Another name",
        "links": [{"rel": "self", "href": "/base/v2/models/m"}],
        "author": ["A", "B"],
        "license": None,
        "url": "https://example.org/",
        "bad": "javascript:alert(1)",
        "description": "Could not load description from underlying model (loaded 'm')",
    }
    [model] = read_models(document(), {"models": [entry]})
    assert (model.name, model.title, model.author) == ("m", "Another name", "A, B")
    assert (model.license, model.description) == ("", "")
    assert model.links == (("url", "https://example.org/"),)


def test_paths_below_a_base_path() -> None:
    described: dict[str, Any] = {
        "paths": {"/some/base/v2/models/a%20b/predict/": {"post": {"parameters": []}}}
    }
    assert [model.name for model in read_models(described)] == ["a b"]


@pytest.mark.parametrize("links", [{"paper": "https://example.org/p"}, ["x"], "x", None])
def test_an_author_with_links_of_their_own(links: Any) -> None:
    document: dict[str, Any] = {"paths": {"/v2/models/a/predict/": {"post": {"parameters": []}}}}
    (model,) = read_models(document, {"models": [{"name": "a", "title": "A", "links": links}]})
    assert model.title == "A"
    entry = {"id": "a", "name": "Another name", "title": "A", "links": links}
    (model,) = read_models(document, {"models": [entry]})
    assert model.title == "A"


def test_who_describes_does_not_wait_for_http() -> None:
    """So a check starts twice as fast."""
    code = (
        "import sys, deepaas.check.__main__, deepaas.client.calls, deepaas.client as client\n"
        "print('aiohttp' in sys.modules, all(getattr(client, name) for name in client.__all__))\n"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "False True\n"


def test_models_are_short_in_a_list_and_a_table_in_a_notebook() -> None:
    parameters: list[dict[str, Any]] = [
        {"name": "<script>", "in": "query", "type": "string", "description": "<img src=x>"},
        {"name": "kind", "in": "query", "type": "string", "enum": ["a", "b"], "required": True},
        {"name": "long", "in": "query", "type": "string", "default": "x" * 10_000},
    ]
    [model] = read_models(document(*parameters))
    assert repr([model]) == "[<Model m: predict(<script>, kind, long)>]"
    shown = model._repr_html_()
    assert "<script" not in shown and "<img" not in shown
    assert "<td>&lt;script&gt;</td><td>string</td><td></td><td>&lt;img src=x&gt;</td>" in shown
    assert "<td>kind</td><td>a, b</td><td>required</td>" in shown
    assert len(shown) < 2000


def test_a_training_in_a_notebook() -> None:
    told = {
        "uuid": "0" * 32,
        "status": "error",
        "message": "ValueError: <b>boom</b>",
        "progress": {"step": 1, "total": 4, "message": "loss <0.5>"},
        "args": {"text": "x" * 10_000},
    }
    shown = training_html(parse(told), "<model>")
    assert "<td>state</td><td><span" in shown and ">error</span>" in shown
    assert "25% loss &lt;0.5&gt;" in shown
    assert "<b>" not in shown and "<model>" not in shown
    assert len(shown) < 2000
