"""A route together with its documentation."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from deepaas.messages import Description, Signature
from deepaas.protocols.v2.naming import OF_HOST

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

JSON = "application/json"


def reference(definition: str, *, many: bool = False) -> dict[str, Any]:
    """A reference to a definition of the host."""
    schema = {"$ref": f"{OF_HOST}{definition}"}
    return {"type": "array", "items": schema} if many else schema


def answer(description: str, schema: dict[str, Any] | None = None) -> dict[str, Any]:
    """A response object of Swagger 2.0."""
    return {"description": description, **({"schema": schema} if schema else {})}


def failures(*statuses: int) -> dict[str, Any]:
    """Response objects for errors in the usual format."""
    return {
        str(status): answer(
            _REASONS[status], reference("Malformed" if status == 400 else "Failure")
        )
        for status in statuses
    }


_REASONS = {
    400: "The request cannot be read",
    403: "Disabled by the operator of this host",
    404: "Not found",
    409: "The files of this training run are on another host",
    413: "The request is larger than this host accepts",
    415: "Arguments cannot be read from a body of this type",
    500: "The model failed; the log of the host has the id and the traceback",
    501: "The model does not implement this",
    503: "The model is not available",
    504: "The model took too long",
    507: "No space is left on this host",
}


@dataclass(frozen=True)
class Operation:
    """One route of the API.

    Attributes:
        path: below the base path; with ``{name}``, it is documented for each model.
        responses: response objects by status.
        streamed: additional description for models that can stream their result.
        function: the function of the model that it calls: its parameters are documented.
        documented: False if it is disabled.
        works: whether a model with this description supports it; ``/swagger.json``, as in
            DEEPaaS 2.x, also has unsupported ones.
        result: makes the response object for 200 from a model's description, if it depends on it.
    """

    method: str
    path: str
    handler: Handler
    tag: str
    summary: str
    responses: dict[str, Any]
    description: str = ""
    produces: Sequence[str] = (JSON,)
    function: Callable[[Description], Signature | None] | None = None
    result: Callable[[Description], dict[str, Any]] | None = None
    documented: bool = True
    works: Callable[[Description | None], bool] = lambda _description: True
    parameters: Sequence[dict[str, Any]] = field(default_factory=tuple)
    streamed: str = ""


def can_predict(description: Description | None) -> bool:
    return description is not None and description.predict is not None


def can_train(description: Description | None) -> bool:
    return description is not None and description.train is not None


def operation_id(method: str, path: str) -> str:
    """The id of an operation in the documents, with characters that no tool changes."""
    words = re.findall(r"[A-Za-z0-9_]+", path)
    return "_".join([method.lower(), *words])
