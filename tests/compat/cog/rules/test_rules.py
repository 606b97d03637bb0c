"""Our schemas beside those that Cog's own command-line tool writes, rule by rule.

`documents.json` is what that tool (`pkg/schema` of Cog's repository at 6110c912, in Go) says of
the functions in `rules.py`; `shared.json` is what is the same for all. `generate.go.txt` is the
program that asks it: build that in a checkout of Cog, and run it with this folder and
`rules.py:NAME` for each function.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cog import Input

from deepaas.kinds.cog.worker.faults import Faults
from deepaas.kinds.cog.worker.predictor import wrap
from deepaas.messages import Predict, RawRequest
from deepaas.protocols.cog.schema import document
from deepaas.runtime.contract import LoadedModel

from . import rules

Json = dict[str, Any]

THEIRS: dict[str, Json] = json.loads((Path(__file__).parent / "documents.json").read_bytes())

ANYTHING: tuple[Json, Json] = ({"type": "object"}, {})
"""What Cog says of `Any`, and what we say, as it may be anything."""


def ours(name: str, tmp_path: Path) -> Json:
    description = LoadedModel("rules", wrap(getattr(rules, name)), tmp_path).describe()
    told: Json = document("rules", description, "1")
    return told


@pytest.mark.parametrize("name", THEIRS)
def test_rule(name: str, tmp_path: Path) -> None:
    told = ours(name, tmp_path)["components"]["schemas"]
    for schema, theirs in THEIRS[name].items():
        assert _with_differences(name, schema, theirs) == told[schema]


def _with_differences(name: str, schema: str, theirs: Json) -> Json:
    """What Cog says, but for what `docs/how-to/cog.md` lists."""
    if (name, schema) == ("never_null", "Input"):
        # In Python `= None` is a default, and whoever writes it reckons with it.
        theirs["properties"]["bare"] |= {"default": None, "nullable": True}
        theirs["required"].remove("bare")
    if name == "returns_outer" and schema == "Output":
        assert theirs["properties"]["anything"] == {"title": "Anything", **ANYTHING[0]}
        theirs["properties"]["anything"] = {"title": "Anything", **ANYTHING[1]}
    return theirs


def test_whole_limits_are_whole_in_messages(tmp_path: Path) -> None:
    told = ours("limits", tmp_path)["components"]["schemas"]["Input"]["properties"]
    limits = [told["number"]["maximum"], told["whole"]["minimum"], told["whole"]["maximum"]]
    assert json.dumps(limits) == "[2, -3, 3]"


def test_rule_of_accept() -> None:
    def run(text: str = Input(accept="image/*")) -> str:
        return text

    with pytest.raises(Faults, match="accept is only for files, not for string"):
        wrap(run)


def test_what_is_the_same_for_all(tmp_path: Path) -> None:
    theirs = json.loads((Path(__file__).parent / "shared.json").read_bytes())
    told = ours("titles", tmp_path)
    schemas = told["components"]["schemas"]
    for name in ("Status", "HTTPValidationError", "ValidationError"):
        assert schemas[name] == theirs["components"]["schemas"][name]
    for name in ("PredictionRequest", "PredictionResponse"):
        for key, value in theirs["components"]["schemas"][name]["properties"].items():
            if key == "version":
                assert key not in schemas[name]["properties"]  # Nobody answers with one.
            elif key == "status":
                assert schemas[name]["properties"][key] == {"$ref": "#/components/schemas/Status"}
            else:
                assert schemas[name]["properties"][key] == value
    for path, operations in theirs["paths"].items():
        for method, operation in operations.items():
            mine = told["paths"][path][method]
            for key in ("summary", "operationId", "parameters", "description", "requestBody"):
                assert mine.get(key) == operation.get(key), (path, key)


def test_the_calls_of_each(tmp_path: Path) -> None:
    """What need not be given is None where there is no default."""

    def run(text: str | None, number: int | None = Input(default=None)) -> str:
        return f"{text} {number}"

    wrapped = wrap(run)
    wrapped.warm()
    model = LoadedModel("rules", wrapped, tmp_path)
    arguments = model.predict_arguments(RawRequest())
    answer = model.predict(Predict(1, RawRequest()), arguments, lambda _news: None)
    assert answer.body == b'"None None"'
