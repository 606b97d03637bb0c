"""Checks how the try-me page, like any client, shows the arguments."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from deepaas.check.arguments import Declared
from deepaas.check.session import Session
from deepaas.client.description import MEDIA, NO_PARSE, Argument, Model, read_models
from deepaas.messages import Description, Signature
from deepaas.runtime.arguments import Arguments
from deepaas.runtime.contract import response_schema
from deepaas.runtime.describe import describe

_MEANT = {
    "image": "image",
    "picture": "image",
    "photo": "image",
    "audio": "audio",
    "recording": "audio",
    "video": "video",
}


def read(
    name: str, declared: Mapping[str, Declared], schema: Any, metadata: Mapping[str, Any]
) -> Model:
    """Return the model as a client sees it, from its valid parts."""
    arguments = {function: Arguments(found.fields) for function, found in declared.items()}
    described = describe(arguments.get("predict"), arguments.get("train"), response_schema(schema))
    entry = {**metadata, "links": [{"rel": "self", "href": f"/v2/models/{name}"}]}
    (model,) = read_models(_document(name, described), {"models": [entry]})
    return model


def _document(name: str, described: Description) -> dict[str, Any]:
    def operation(function: Signature | None, response: str) -> dict[str, Any]:
        known = function or Signature()
        found: dict[str, Any] = {
            "parameters": known.parameters,
            "produces": known.result.media_types,
            "x-implemented": function is not None,
        }
        if response:
            found["responses"] = {"200": {"schema": {"$ref": response}}}
        return {"post": found}

    base = f"/v2/models/{name}"
    return {
        "paths": {
            f"{base}/predict/": operation(described.predict, described.response),
            f"{base}/train/": operation(described.train, ""),
        },
        "definitions": described.definitions,
    }


def check(session: Session, model: Model, declared: Mapping[str, Declared]) -> None:
    for function, arguments in (("predict", model.predict), ("train", model.train)):
        found = declared.get(function)
        if found is None or arguments is None:
            continue
        by_wire = {one.data_key or name: one for name, one in found.fields.items()}
        shown = {argument.name for argument in arguments} | {"accept"}
        for name, one in by_wire.items():
            if name not in shown and one.required:
                session.add(
                    "page-no-component",
                    session.places.of_field(one),
                    f"{name!r} is required, but its location is {one.metadata.get('location')!r}: "
                    "the try-me page cannot show it",
                    "add a default, or change the location",
                )
        for argument in arguments:
            if argument.name in by_wire:
                _check_argument(session, argument, by_wire[argument.name])
        _check_descriptions(session, function, arguments, by_wire)


def _check_argument(session: Session, argument: Argument, one: fields.Field) -> None:
    place = session.places.of_field(one)
    words = re.split(r"[\W_\d]+", argument.name.lower())
    meant = {_MEANT[word.removesuffix("s")] for word in words if word.removesuffix("s") in _MEANT}
    told = argument.description.lower()
    silent = NO_PARSE not in told and not any(word in told for word in MEDIA)
    if argument.kind == "file" and len(meant) == 1 and silent:
        (medium,) = meant
        session.add(
            "page-plain-file",
            place,
            f"{argument.name!r} gets a plain file upload: its description does not mention "
            f"{medium!r}",
            f"add the word {medium!r} to the description, or {NO_PARSE} for no preview",
        )


def _check_descriptions(
    session: Session,
    function: str,
    arguments: tuple[Argument, ...],
    by_wire: Mapping[str, fields.Field],
) -> None:
    bare = [a.name for a in arguments if not a.description.strip()]
    if bare:
        place = next((p for n in bare if (p := session.places.of_field(by_wire.get(n)))), "")
        session.add(
            "no-description",
            place or session.place,
            f"arguments of {function} without a description: {', '.join(bare)}",
            'add metadata={"description": "…"}',
        )
