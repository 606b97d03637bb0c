"""Typed predictors through the V2 API: files, named fields, and what the documents say."""

from __future__ import annotations

from typing import Any

import pytest
from compat.hosts import Host
from compat.wire import Part, multipart_body
from jsonschema import Draft4Validator
from openapi_spec_validator import OpenAPIV30SpecValidator
from openapi_spec_validator.schemas import schema_v2

pytestmark = pytest.mark.xdist_group("cog_runtime")

PICTURE = b"\x89PNG a picture" * 10_000


def operation(host: Host, model: str, document: str = "/swagger.json") -> dict[str, Any]:
    found: dict[str, Any] = host.get(document).json()["paths"]
    return dict(found[f"/v2/models/{model}/predict/"]["post"])


@pytest.mark.parametrize(("name", "media_type"), [("a.png", "image/png"), ("a.txt", "text/plain")])
def test_file_in_and_file_out(host: Host, name: str, media_type: str) -> None:
    body = multipart_body(Part("image", PICTURE, filename=name))
    answer = host.predict("Draws", body=body)
    assert (answer.status, answer.media_type) == (200, media_type)
    assert answer.content == PICTURE


def test_text_is_no_file(host: Host) -> None:
    answer = host.predict("Draws", {"image": "/etc/passwd"})
    assert answer.status == 422
    assert list(answer.json()) == ["image"]


def test_documents_tell_of_files(host: Host) -> None:
    told = operation(host, "Draws")
    assert told["produces"] == ["*/*"]
    assert told["responses"]["200"]["schema"] == {"type": "file"}
    parameters = {one["name"]: one for one in told["parameters"]}
    assert parameters["image"]["type"] == "file"
    assert parameters["image"]["description"] == "an image to begin with"
    assert parameters["mode"]["enum"] == ["up", "down"]
    assert parameters["key"]["format"] == "password"
    newer = operation(host, "Draws", "/openapi.json")["responses"]["200"]["content"]
    assert newer == {"*/*": {"schema": {"type": "string", "format": "binary"}}}


def test_named_fields(host: Host) -> None:
    answer = host.predict("Finds", {"count": 2})
    assert answer.json() == {
        "boxes": [{"left": 0, "label": "cat"}, {"left": 1, "label": "cat"}],
        "note": None,
        "chart": "data:text/plain;base64,Y2hhcnQ=",
    }
    document = host.get("/swagger.json").json()
    schema = operation(host, "Finds")["responses"]["200"]["schema"]
    assert schema == {"$ref": "#/definitions/Report"}
    boxes = document["definitions"]["Report"]["properties"]["boxes"]
    assert boxes["items"] == {"$ref": "#/definitions/Box"}


def test_type_of_what_has_no_names(host: Host) -> None:
    schema = operation(host, "Speaks")["responses"]["200"]["schema"]
    assert schema["properties"]["predictions"] == {"type": "array", "items": {"type": "string"}}


def test_documents_are_valid(host: Host) -> None:
    OpenAPIV30SpecValidator(host.get("/openapi.json").json()).validate()
    # The validator for whole documents does not know that an answer may be a file.
    schema = Draft4Validator({**schema_v2})
    assert [error.message for error in schema.iter_errors(host.get("/swagger.json").json())] == []
