"""Forms of the proposal that Cog's API has grown from: what is taken, and how the rest is refused.

The list is in `docs/how-to/cog.md`.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import pytest
from cog_runtime.served import serve

from .door import Door


def test_a_field_of_pydantic_as_default(tmp_path: Path) -> None:
    source = (
        "from pydantic import Field\n"
        "def predict(text: str = Field(max_length=3), n: int = Field(2, ge=1)) -> str:\n"
        "    return text * n\n"
    )
    served = serve(source, tmp_path, "predict")
    assert served.parameters["text"]["maxLength"] == 3
    assert served.parameters["n"]["minimum"] == 1
    assert served.returned(text="ab") == "abab"


def test_no_base_class_is_needed(tmp_path: Path) -> None:
    """A class of the old kind works as soon as it names no base that Cog does not have."""
    source = (
        "class Model:\n"
        "    def setup(self) -> None:\n"
        "        self.greeting = 'hi '\n"
        "    def predict(self, name: str) -> str:\n"
        "        return self.greeting + name\n"
    )
    assert serve(source, tmp_path, "Model").returned(name="Ada") == "hi Ada"


def test_the_old_base_class_is_not_in_cog() -> None:
    import cog

    assert isinstance(cog, ModuleType)
    assert not hasattr(cog, "Predictor")


@pytest.mark.parametrize("path", ["/predict", "/predict?text=abc"])
def test_predictions_by_get(answers: Door, path: str) -> None:
    answer = answers.ask("GET", path)
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    assert answer.json()["status"] == "failed"


def test_a_flat_body(answers: Door) -> None:
    answer = answers.ask("POST", "/predict", {"text": "abc"})
    assert answer.status == 422
    (fault,) = answer.json()["detail"]
    assert fault["loc"] == ["body", "input", "text"]
    assert fault["msg"] == "Field required"


def test_the_output_is_the_whole_answer(answers: Door) -> None:
    assert answers.ask("POST", "/predict", {"input": {"text": "abc"}}).json() == "abc"


def test_a_path_for_the_output_is_ignored(answers: Door, tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    body = {"input": {"text": "abc"}, "output_path": str(path), "output_file_prefix": str(tmp_path)}
    assert answers.ask("POST", "/predict", body).json() == "abc"
    assert answers.ask("POST", "/predictions", body).json()["output"] == "abc"
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("url", ["s3://bucket/key", "gs://bucket/key"])
def test_files_in_stores_of_clouds(reads: Door, url: str) -> None:
    told = reads.predict(file=url)
    assert told["status"] == "failed"
    said = f"Input validation error: file: {url} is not an http or https URL"
    assert told["error"] == said


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_routes_of_extensions(answers: Door, method: str) -> None:
    answer = answers.ask(method, "/extensions/anything", None if method == "GET" else {})
    assert answer.status == 404
    assert isinstance(json.loads(answer.body), dict)
