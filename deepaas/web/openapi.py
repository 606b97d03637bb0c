"""Converts the host's Swagger 2.0 document to OpenAPI 3.0.3.

Swagger 2.0 is the source, because clients of DEEPaaS 2.x read it. This module expects what apispec
and DEEPaaS write, and corrects three things that a server cannot do:

* Objects (``Dict``, ``Nested``) among the query or form parameters can only be sent as JSON: they
  move to the JSON request body.
* ``null`` cannot be written in a query, a header or a form: parameters there are not nullable.
* OpenAPI 3 ignores header parameters called ``Accept``, ``Content-Type`` or ``Authorization`` and
  uses the media types of the responses: they are omitted.

An author's keywords that OpenAPI does not have, or with values of the wrong type, and defaults that
violate their own schema are omitted: one odd field does not make the document invalid.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable

from deepaas.schemas.swagger import openapi_schema
from deepaas.schemas.values import Json

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
_METHODS_WITH_BODY = ("put", "post", "patch")
_KEPT_IN_OPERATION = (
    "operationId",
    "tags",
    "summary",
    "description",
    "deprecated",
    "externalDocs",
)
_HEADERS_SAID_OTHERWISE = ("accept", "content-type", "authorization")
_JSON = "application/json"
_MULTIPART = "multipart/form-data"
_URLENCODED = "application/x-www-form-urlencoded"


def to_openapi3(swagger: Json) -> Json:
    """The document as OpenAPI 3.0.3; ``swagger`` is not changed."""
    document: Json = {"openapi": "3.0.3", "info": copy.deepcopy(swagger["info"])}
    if swagger.get("basePath", "/") != "/":
        document["servers"] = [{"url": swagger["basePath"]}]
    for key in ("tags", "externalDocs"):
        if key in swagger:
            document[key] = copy.deepcopy(swagger[key])
    produces = swagger.get("produces") or [_JSON]
    consumes = swagger.get("consumes") or []
    document["paths"] = {
        path: _path_item(item, produces, consumes) for path, item in swagger["paths"].items()
    }
    definitions = swagger.get("definitions") or {}
    document["components"] = {
        "schemas": {name: openapi_schema(schema) for name, schema in definitions.items()}
    }
    return document


def _path_item(item: Json, produces: list[str], consumes: list[str]) -> Json:
    shared = item.get("parameters") or []
    return {
        method: _operation(method, item[method], shared, produces, consumes)
        for method in _METHODS
        if method in item
    }


def _operation(
    method: str, operation: Json, shared: list[Json], produces: list[str], consumes: list[str]
) -> Json:
    result: Json = {
        key: copy.deepcopy(value)
        for key, value in operation.items()
        if key in _KEPT_IN_OPERATION or key.startswith("x-")
    }
    in_url: list[Json] = []
    in_form: list[Json] = []
    in_json: list[Json] = []
    for parameter in _own_before_shared(operation.get("parameters") or [], shared):
        place = parameter["in"]
        if place == "body" or (
            place in ("query", "formData")
            and method in _METHODS_WITH_BODY
            and _needs_json(parameter)
        ):
            in_json.append(parameter)
        elif place == "formData":
            in_form.append(parameter)
        elif place != "header" or parameter["name"].lower() not in _HEADERS_SAID_OTHERWISE:
            in_url.append(parameter)

    if in_url:
        result["parameters"] = [_parameter(parameter) for parameter in in_url]
    if in_form or in_json:
        result["requestBody"] = _request_body(
            in_form, in_json, operation.get("consumes") or consumes
        )
    result["responses"] = _responses(
        operation.get("responses") or {}, operation.get("produces") or produces
    )
    return result


def _own_before_shared(own: list[Json], shared: list[Json]) -> list[Json]:
    """The parameters of an operation, and those of its path that it does not override."""
    declared = {(parameter["in"], parameter["name"]) for parameter in own}
    return own + [other for other in shared if (other["in"], other["name"]) not in declared]


def _needs_json(schema: Json) -> bool:
    """Whether such values can only be written in JSON: objects and lists of objects."""
    if "$ref" in schema or "allOf" in schema or schema.get("type") == "object":
        return True
    items = schema.get("items")
    return isinstance(items, dict) and (items.get("type") == "array" or _needs_json(items))


def _is_file(parameter: Json) -> bool:
    items = parameter.get("items")
    return parameter.get("type") == "file" or (
        isinstance(items, dict) and items.get("type") == "file"
    )


def _parameter(parameter: Json) -> Json:
    result: Json = {"name": parameter["name"], "in": parameter["in"]}
    if isinstance(parameter.get("description"), str):
        result["description"] = parameter["description"]
    if parameter.get("required"):
        result["required"] = True
    if parameter.get("type") == "array" and parameter["in"] in ("query", "cookie"):
        result["style"] = "form"
        result["explode"] = parameter.get("collectionFormat") == "multi"
    schema = _text_schema(parameter)
    schema.pop("description", None)
    result["schema"] = schema
    return result


def _text_schema(parameter: Json) -> Json:
    """The schema of a value that is sent as text, which cannot be null."""
    without = {key: value for key, value in parameter.items() if key != "x-nullable"}
    if without.get("default", 0) is None:
        del without["default"]
    return openapi_schema(without)


def _request_body(in_form: list[Json], in_json: list[Json], consumes: list[str]) -> Json:
    content: Json = {}
    if in_form:
        form = _object((p["name"], _text_schema(p), bool(p.get("required"))) for p in in_form)
        for media_type in _form_types(in_form, consumes):
            content[media_type] = {"schema": copy.deepcopy(form)}
    if in_json:
        media_types = [name for name in consumes if _is_json(name)] or [_JSON]
        for media_type in media_types:
            content[media_type] = {"schema": _json_body(in_json)}
    result: Json = {"content": content}
    needed = any(
        parameter.get("required") or (parameter.get("schema") or {}).get("required")
        for parameter in in_form + in_json
    )
    if needed:
        result["required"] = True
    return result


def _form_types(in_form: list[Json], consumes: list[str]) -> list[str]:
    if any(_is_file(parameter) for parameter in in_form):
        return [_MULTIPART]
    declared = [name for name in consumes if name in (_MULTIPART, _URLENCODED)]
    return declared or [_URLENCODED, _MULTIPART]


def _json_body(in_json: list[Json]) -> Json:
    """One schema from the body parameter and the parameters that only JSON can carry."""
    bodies = [openapi_schema(p.get("schema") or {}) for p in in_json if p["in"] == "body"]
    moved = [p for p in in_json if p["in"] != "body"]
    if not moved:
        return bodies[0]
    extra = _object((p["name"], openapi_schema(p), bool(p.get("required"))) for p in moved)
    if not bodies:
        return extra
    body = bodies[0]
    if "properties" not in body:
        return {"allOf": [body, extra]}
    body["properties"].update(extra["properties"])
    required = body.get("required", []) + extra.get("required", [])
    if required:
        body["required"] = required
    return body


def _object(members: Iterable[tuple[str, Json, bool]]) -> Json:
    result: Json = {"type": "object", "properties": {}}
    for name, schema, required in members:
        result["properties"][name] = schema
        if required:
            result.setdefault("required", []).append(name)
    return result


def _responses(responses: Json, produces: list[str]) -> Json:
    if not responses:
        return {"default": {"description": ""}}
    return {str(status): _response(str(status), it, produces) for status, it in responses.items()}


def _response(status: str, response: Json, produces: list[str]) -> Json:
    result: Json = {"description": response.get("description") or ""}
    schema = response.get("schema")
    content: Json = {}
    if status.startswith("2") and status != "204":
        content = _content(schema, produces)
    elif schema is not None:
        # Errors are always JSON.
        content = {_JSON: {"schema": openapi_schema(schema)}}
    if content:
        result["content"] = content
    headers = response.get("headers")
    if headers:
        result["headers"] = {name: _header(header) for name, header in headers.items()}
    return result


def _content(schema: Json | None, produces: list[str]) -> Json:
    content: Json = {}
    for media_type in produces:
        if schema is not None and schema.get("type") == "file":
            content[media_type] = {"schema": {"type": "string", "format": "binary"}}
        elif media_type == "*/*" or _is_json(media_type):
            # A client that accepts anything gets JSON.
            name = _JSON if media_type == "*/*" else media_type
            content[name] = {"schema": openapi_schema(schema or {})}
        elif media_type == "text/event-stream":
            # Readers of the document apply a schema to each event, not to the text of the stream.
            content[media_type] = {"schema": {}}
        elif media_type.startswith("text/"):
            content[media_type] = {"schema": {"type": "string"}}
        else:
            content[media_type] = {"schema": {"type": "string", "format": "binary"}}
    return content


def _is_json(media_type: str) -> bool:
    essence = media_type.partition(";")[0].strip().lower()
    return essence == _JSON or essence.endswith("+json")


def _header(header: Json) -> Json:
    schema = openapi_schema(header)
    result: Json = {"schema": schema}
    if "description" in schema:
        result["description"] = schema.pop("description")
    return result
