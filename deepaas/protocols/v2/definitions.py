"""The definitions of the Swagger document that do not come from models."""

from __future__ import annotations

from typing import Any

_STRING = {"type": "string"}


def _text(description: str) -> dict[str, Any]:
    return {"type": "string", "description": description}


def _many(definition: str) -> dict[str, Any]:
    return {"type": "array", "items": {"$ref": f"#/definitions/{definition}"}}


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        **({"required": required} if required else {}),
    }


DEFINITIONS: dict[str, Any] = {
    "Failure": _object(
        ["message"],
        message=_text("Failure message"),
        code={"type": "integer", "description": "The status of the answer"},
        error=_text("A fixed word for the kind of failure"),
        id=_text("Stands in the log of the host, where the host or the model is at fault"),
    ),
    "Malformed": _object(
        [],
        message=_text("Failure message"),
        code={"type": "integer", "description": "The status of the answer"},
        error=_text("A fixed word for the kind of failure"),
        json={
            "type": "array",
            "items": _STRING,
            "description": "Stands alone, as in DEEPaaS 2.x: what is wrong with a JSON body",
        },
    ),
    "Invalid": {
        "type": "object",
        "description": "Messages by argument; by item or field where it has such",
    },
    "Location": _object(["href", "rel"], rel=_STRING, href=_STRING, type=_STRING),
    "Version": _object(
        ["id", "version"], version=_STRING, id=_STRING, links=_many("Location"), type=_STRING
    ),
    "Versions": _object([], versions=_many("Version"), links=_many("Location")),
    "ModelMeta": _object(
        ["id", "name"],
        id=_text("Model identifier"),
        name=_text("Model name"),
        # Texts, as a rule; what authors really answer (lists of authors, say) is sent as it is.
        description={"description": "Model description"},
        license={"description": "Model license"},
        author={"description": "Model author"},
        version={"description": "Model version"},
        url={"description": "Model url"},
        links=_many("Location"),
    ),
    "ModelList": _object(["models"], models=_many("ModelMeta")),
    "Prediction": _object(
        ["predictions", "status"],
        status=_text("Response status message"),
        predictions={"description": "What the model answered"},
    ),
    "Training": _object(
        ["date", "status", "uuid"],
        uuid={"type": "string", "format": "uuid", "description": "Training identifier"},
        date={"type": "string", "format": "date-time", "description": "Training start time"},
        args={"type": "object", "description": "The arguments of the training"},
        status={
            "type": "string",
            "enum": ["running", "done", "error", "cancelled"],
            "description": "Training status",
        },
        result={"type": "object", "description": "What the training returned, when it is done"},
        message=_text("Optional message explaining status"),
    ),
}
