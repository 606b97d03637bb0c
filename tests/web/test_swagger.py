"""Schemas of OpenAPI 3.0 in the words of Swagger 2.0, and models' answers as JSON."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from deepaas.messages import Part
from deepaas.schemas.swagger import swagger_schema
from deepaas.web.as_json import as_json


def test_what_swagger_can_say_and_what_not() -> None:
    told = {
        "type": "object",
        "title": "Output",
        "required": ["a"],
        "properties": {
            "a": {"type": "string", "nullable": True, "writeOnly": True},
            "b": {"type": "array", "items": {"anyOf": [{"type": "string"}]}, "x-cog-array": "x"},
            "c": {"allOf": [{"type": "integer", "deprecated": True}]},
        },
    }
    assert swagger_schema(told) == {
        "type": "object",
        "required": ["a"],
        "properties": {
            "a": {"type": "string", "x-nullable": True},
            "b": {"type": "array", "items": {}},
            "c": {"allOf": [{"type": "integer"}]},
        },
    }


@pytest.mark.parametrize("size", [0, 1, 2, 3, 700_001])
def test_file_becomes_a_data_url(size: int, tmp_path: Path) -> None:
    content = bytes(range(256)) * (size // 256 + 1)
    (tmp_path / "file").write_bytes(content[:size])
    for part in (
        Part(1, "image/png", path=str(tmp_path / "file")),
        Part(1, "image/png; x=y", content[:size]),
    ):
        document = as_json(part)
        whole = document.whole()
        assert len(whole) == document.size_bytes
        head, _, data = json.loads(whole).partition(",")
        assert head == "data:image/png;base64"
        assert base64.b64decode(data) == content[:size]


def test_json_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"[1]")
    assert as_json(Part(1, "application/json", path=str(tmp_path / "file"))).whole() == b"[1]"
    assert as_json(Part(1, "application/geo+json", b"{}")).whole() == b"{}"
