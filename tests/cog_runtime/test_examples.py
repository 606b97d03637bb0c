"""Examples beside a typed predictor: in its metadata, whatever way they are written."""

from __future__ import annotations

import base64
import importlib.util
from typing import Any

import pytest

from deepaas.kinds.cog.worker.predictor import Predictor

CODE = '''
import enum
from pathlib import Path
from typing import Annotated

from pydantic import Field


class Size(enum.Enum):
    small = "s"
    large = "l"


class InAttribute:
    examples = [
        {"image": "seven.png", "size": Size.large},
        {"image": Path("seven.png"), "count": 2, "more": ["seven.png"]},
        {"image": "nowhere.png"},
        {"image": "data:image/png;base64,AAAA"},
        "none",
    ]

    def predict(
        self, image: Path, count: int = 1, size: Size = Size.small, more: list[Path] = None
    ) -> str:
        return ""


def on_function(text: str) -> str:
    return text


on_function.examples = [{"text": "hello"}]


def in_fields(
    text: Annotated[str, Field(examples=["one", "two"])], count: int = Field(1, examples=[5])
) -> str:
    """Counts *words*.

    And more.
    """
    return text


def without(text: str) -> str:
    return text
'''
PNG = b"a picture"


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("examples")
    (folder / "predict_examples.py").write_text(CODE)
    (folder / "seven.png").write_bytes(PNG)
    spec = importlib.util.spec_from_file_location(
        "predict_examples", folder / "predict_examples.py"
    )
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_attribute_of_a_class(module: Any) -> None:
    picture = "data:image/png;base64," + base64.b64encode(PNG).decode()
    assert Predictor(module.InAttribute).get_metadata() == {
        "description": "",
        "examples": [
            {"image": picture, "size": "l"},
            {"image": picture, "count": 2, "more": [picture]},
            {"image": "nowhere.png"},
            {"image": "data:image/png;base64,AAAA"},
            "none",
        ],
    }


def test_attribute_of_a_function(module: Any) -> None:
    assert Predictor(module.on_function).get_metadata()["examples"] == [{"text": "hello"}]


def test_of_the_inputs(module: Any) -> None:
    told = Predictor(module.in_fields).get_metadata()
    assert told["examples"] == [{"text": "one", "count": 5}, {"text": "two"}]
    assert told["summary"] == "Counts *words*."


def test_nothing_is_said_where_nothing_is_written(module: Any) -> None:
    assert Predictor(module.without).get_metadata() == {"description": ""}
