"""The parts of the OpenAPI document that are the same for all models."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

STATUSES = ["starting", "processing", "succeeded", "canceled", "failed"]
WEBHOOK_EVENTS = ["start", "output", "logs", "completed"]


def schemas() -> Json:
    """The schemas that the routes refer to, except Input and Output."""
    return {
        "Status": {
            "title": "Status",
            "type": "string",
            "description": "An enumeration.",
            "enum": list(STATUSES),
        },
        "WebhookEvent": {"title": "WebhookEvent", "type": "string", "enum": list(WEBHOOK_EVENTS)},
        "PredictionRequest": _request_schema("PredictionRequest", "Input"),
        "TrainingRequest": _request_schema("TrainingRequest", "TrainingInput"),
        "PredictionResponse": _response_schema("PredictionResponse", "Input", "Output"),
        "TrainingResponse": _response_schema("TrainingResponse", "TrainingInput", "TrainingOutput"),
        "TrainingOutput": {"title": "TrainingOutput"},
        "ValidationError": {
            "title": "ValidationError",
            "type": "object",
            "required": ["loc", "msg", "type"],
            "properties": {
                "loc": {
                    "title": "Location",
                    "type": "array",
                    "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
                },
                "msg": {"title": "Message", "type": "string"},
                "type": {"title": "Error Type", "type": "string"},
            },
        },
        "HTTPValidationError": {
            "title": "HTTPValidationError",
            "type": "object",
            "properties": {
                "detail": {
                    "title": "Detail",
                    "type": "array",
                    "items": _reference("ValidationError"),
                }
            },
        },
    }


def _response_schema(title: str, inputs: str, output: str) -> Json:
    return {
        "title": title,
        "type": "object",
        "properties": {
            "id": {"title": "Id", "type": "string"},
            "input": _reference(inputs),
            "output": _reference(output),
            "status": _reference("Status"),
            "error": {"title": "Error", "type": "string"},
            "logs": {"title": "Logs", "type": "string"},
            "metrics": {"title": "Metrics", "type": "object"},
            "created_at": _moment("Created At"),
            "started_at": _moment("Started At"),
            "completed_at": _moment("Completed At"),
        },
    }


def _request_schema(title: str, inputs: str) -> Json:
    return {
        "title": title,
        "type": "object",
        "properties": {
            "input": _reference(inputs),
            "id": {"title": "Id", "type": "string"},
            "webhook": {"title": "Webhook", "type": "string", "format": "uri"},
            "webhook_events_filter": {
                "title": "Webhook Events Filter",
                "type": "array",
                "items": _reference("WebhookEvent"),
                "default": list(WEBHOOK_EVENTS),
            },
            "context": {
                "title": "Context",
                "type": "object",
                "additionalProperties": {"type": "string"},
            },
        },
    }


def paths(*, streams: bool, trains: bool) -> Json:
    """The routes of one model, below its own path."""
    found = {
        "/": _get("Root", "root__get"),
        "/health-check": _get("Healthcheck", "healthcheck_health_check_get"),
        **_paths("prediction", "predict", "PredictionRequest"),
    }
    if streams:
        found["/predictions"]["post"]["x-cog-streaming"] = True
    if trains:
        found |= _paths("training", "train", "TrainingRequest")
    return found


def _paths(one: str, do: str, body: str) -> Json:
    many, title = f"{one}s", f"{one.title()}s"
    identified: Json = {
        "name": f"{one}_id",
        "in": "path",
        "required": True,
        "schema": {"title": f"{one.title()} Id", "type": "string"},
    }
    create = {
        "summary": do.title(),
        "description": f"Run a single {one} on the model",
        "operationId": f"{do}_{many}_post",
        "requestBody": _request(body),
        "responses": _responses(one, 202, 409, 422, 503),
    }
    put = {
        "summary": f"{do.title()} Idempotent",
        "operationId": f"{do}_idempotent_{many}__id__put",
        "parameters": [identified],
        "requestBody": _request(body),
        "responses": _responses(one, 202, 409, 422, 503),
    }
    get = {
        "summary": one.title(),
        "operationId": f"{one}_{many}__id__get",
        "parameters": [identified],
        "responses": _responses(one, 404),
    }
    listed = {
        "summary": title,
        "operationId": f"{many}_{many}_get",
        "responses": {"200": _answer({"type": "object"})},
    }
    cancel = {
        "summary": "Cancel",
        "operationId": f"cancel_{many}__{one}_id__cancel_post",
        "parameters": [identified],
        "responses": {"200": _answer({"type": "object"}), "404": {"description": "Not found"}},
    }
    return {
        f"/{many}": {"post": create, "get": listed},
        f"/{many}/{{{one}_id}}": {"put": put, "get": get},
        f"/{many}/{{{one}_id}}/cancel": {"post": cancel},
    }


_SAID = {
    202: "Accepted",
    404: "Not found",
    409: "The queue is full",
    422: "Validation Error",
    503: "The model is not ready",
}


def _reference(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _moment(title: str) -> Json:
    return {"title": title, "type": "string", "format": "date-time"}


def _answer(schema: Json) -> Json:
    return {
        "description": "Successful Response",
        "content": {"application/json": {"schema": schema}},
    }


def _request(body: str) -> Json:
    return {"content": {"application/json": {"schema": _reference(body)}}}


def _responses(one: str, *statuses: int) -> Json:
    told: Json = {"200": _answer(_reference(f"{one.title()}Response"))}
    for status in statuses:
        told[str(status)] = {"description": _SAID[status]}
        if status == 422:
            told["422"] |= {"content": _answer(_reference("HTTPValidationError"))["content"]}
    return told


def _get(summary: str, operation: str) -> Json:
    return {
        "get": {
            "summary": summary,
            "operationId": operation,
            "responses": {"200": _answer({"type": "object"})},
        }
    }
