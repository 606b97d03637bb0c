"""Definitions of models keep their names in `/swagger.json`, whatever the host's own are called."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from deepaas.messages import Description, Signature
from deepaas.protocols.v2.definitions import DEFINITIONS
from deepaas.protocols.v2.documents import swagger
from deepaas.protocols.v2.naming import OF_HOST
from deepaas.protocols.v2.operation import Operation, answer, reference

TEXT = {"type": "object", "properties": {"said": {"type": "string"}}}
NUMBER = {"type": "object", "properties": {"said": {"type": "number"}}}


async def _nothing(_request: Any) -> Any: ...


OPERATION = Operation(
    "POST",
    "/v2/models/{name}/predict/",
    _nothing,
    "models",
    "Predict",
    {str(400 + at): answer(name, reference(name)) for at, name in enumerate(DEFINITIONS)},
    function=lambda description: description.predict,
    result=lambda description: answer("It", {"$ref": description.response}),
)


def described(response: str, **definitions: Any) -> Description:
    nothing = Signature()
    return Description(
        nothing, nothing, response=f"#/definitions/{response}", definitions=definitions
    )


def document(**models: Description) -> dict[str, Any]:
    return swagger("", [OPERATION], models)


def answered(made: dict[str, Any], model: str, status: str = "200") -> str:
    """The name of the definition of a model's answer; there is such a one."""
    schema = made["paths"][f"/v2/models/{model}/predict/"]["post"]["responses"][status]["schema"]
    name = str(schema["$ref"]).removeprefix("#/definitions/")
    assert name in made["definitions"]
    return name


def whole(made: dict[str, Any]) -> None:
    """Every reference leads somewhere."""
    text = msgspec.json.encode(made).decode()
    assert OF_HOST not in text
    assert set(re.findall(r'"#/definitions/([^"]+)"', text)) <= set(made["definitions"])


@pytest.mark.parametrize("name", [*DEFINITIONS, "ModelPredictionResponse"])
def test_a_model_keeps_its_names(name: str) -> None:
    outer = {"type": "array", "items": {"$ref": f"#/definitions/{name}"}}
    made = document(one=described("ModelAnswer", **{name: TEXT, "ModelAnswer": outer}))
    whole(made)
    assert made["definitions"][name] == TEXT
    assert made["definitions"]["ModelAnswer"] == outer
    for at, own in enumerate(DEFINITIONS):
        called = answered(made, "one", str(400 + at))
        assert (called != own) == (own == name)
        assert set(made["definitions"][called]) == set(DEFINITIONS[own])


def test_of_two_models_the_first_keeps_them() -> None:
    made = document(
        one=described("Prediction", Prediction=TEXT),
        two=described("Prediction", Prediction=NUMBER),
        three=described("Prediction", Prediction=TEXT),
    )
    whole(made)
    assert [answered(made, name) for name in ("one", "two", "three")] == [
        "Prediction",
        "Prediction1",
        "Prediction",
    ]
    assert made["definitions"]["Prediction1"] == NUMBER


def test_only_what_clashes_gets_another_name() -> None:
    outer = {"type": "array", "items": {"$ref": "#/definitions/Inner"}}
    alone = {"type": "string"}
    made = document(
        one=described("Outer", Inner=TEXT, Outer=outer),
        two=described("Outer", Inner=NUMBER, Outer=outer, Alone=alone),
    )
    whole(made)
    second = made["definitions"][answered(made, "two")]
    assert made["definitions"]["Inner"] == TEXT
    assert second["items"] == {"$ref": "#/definitions/Inner1"}
    assert made["definitions"]["Inner1"] == NUMBER
    assert made["definitions"]["Alone"] == alone


def test_a_new_name_is_nobody_elses() -> None:
    made = document(
        one=described("A", A=TEXT, A1=TEXT), two=described("A1", A=NUMBER, A1=TEXT, A2=NUMBER)
    )
    whole(made)
    names = made["definitions"]
    assert (names["A"], names["A1"], names["A2"]) == (TEXT, TEXT, NUMBER)
    assert sorted(set(names) - set(DEFINITIONS)) == ["A", "A1", "A2", "A3"]


def test_without_clashes_all_is_as_ever() -> None:
    made = document(one=described("A", A=TEXT))
    whole(made)
    assert set(made["definitions"]) == {*DEFINITIONS, "A"}
