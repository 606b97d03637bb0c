"""The host's own definitions in the Swagger document."""

from __future__ import annotations

from typing import Any

from deepaas.protocols.v2.naming import OF_HOST

_STRING = {"type": "string"}


def _text(description: str) -> dict[str, Any]:
    return {"type": "string", "description": description}


def _many(definition: str) -> dict[str, Any]:
    return {"type": "array", "items": {"$ref": f"{OF_HOST}{definition}"}}


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
        error=_text("Error code for programs"),
        id=_text("For internal errors: also in the log of the host, with the traceback"),
    ),
    "Malformed": _object(
        [],
        message=_text("Failure message"),
        code={"type": "integer", "description": "The status of the answer"},
        error=_text("Error code for programs"),
        json={
            "type": "array",
            "items": _STRING,
            "description": "Errors of a JSON body; the only member then, as in DEEPaaS 2.x",
        },
    ),
    "Invalid": {
        "type": "object",
        "description": "Messages by argument, and within it by item or field",
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
        # Usually strings; other values from authors, such as lists, are sent unchanged.
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
        predictions={"description": "The result of the model"},
    ),
    "Queue": _object(
        ["queued_count"],
        queued_count={"type": "integer", "description": "Number of waiting calls"},
        place={"description": "Position of the requested call, null if it is unknown"},
        progress={"description": "'step', 'total' and 'message' of the requested call, if any"},
    ),
    "Training": _object(
        ["date", "status", "uuid"],
        uuid={"type": "string", "format": "uuid", "description": "Training identifier"},
        date={"type": "string", "description": "When it was requested: YYYY-MM-DD HH:MM:SS.ffffff"},
        start_date=_text("When it started"),
        finish_date=_text("When it ended"),
        duration_seconds={"type": "number", "description": "How long it has been running"},
        args={"description": "The arguments of the training"},
        status={
            "type": "string",
            "enum": ["queued", "running", "done", "error", "cancelled", "interrupted"],
            "description": "Training status",
        },
        result=_object(
            [],
            output={"description": "What train returned"},
            finish_date=_text("When it ended"),
            duration=_text("How long it took: [D day[s], ][H]H:MM:SS[.ffffff]"),
        ),
        message=_text("Optional message explaining status"),
        cancelling={"type": "boolean", "description": "Whether it was cancelled but has not ended"},
        progress=_object(
            ["step"],
            step={"type": "number", "description": "Completed steps"},
            total={"description": "Total number of steps, null if unknown"},
            message=_STRING,
        ),
        links=_many("Location"),
    ),
    "Metrics": {
        "type": "object",
        "description": "By name",
        "additionalProperties": _object(
            ["steps", "values", "wall_times"],
            steps={"type": "array", "items": {"type": "integer"}},
            values={"type": "array", "items": {"description": "A number, or null for NaN"}},
            wall_times={
                "type": "array",
                "items": {"type": "number"},
                "description": "Seconds since the epoch",
            },
        ),
    },
    "Files": _object(
        ["files", "more"],
        files={
            "type": "array",
            "items": _object(
                ["path", "size"],
                path=_text("Relative to the URL of this list"),
                size={"type": "integer", "description": "In bytes"},
                modified=_text("YYYY-MM-DD HH:MM:SS.ffffff"),
            ),
        },
        more={"type": "boolean", "description": "Whether there are more files than listed"},
    ),
}
