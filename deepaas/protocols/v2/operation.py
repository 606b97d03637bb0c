"""What a route is and what the document says of it, in one place."""

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
    """The schema that points to a definition of the host."""
    schema = {"$ref": f"{OF_HOST}{definition}"}
    return {"type": "array", "items": schema} if many else schema


def answer(description: str, schema: dict[str, Any] | None = None) -> dict[str, Any]:
    """A response object of Swagger 2.0."""
    return {"description": description, **({"schema": schema} if schema else {})}


def failures(*statuses: int) -> dict[str, Any]:
    """Response objects for errors in the usual shape."""
    return {
        str(status): answer(
            _REASONS[status], reference("Malformed" if status == 400 else "Failure")
        )
        for status in statuses
    }


_REASONS = {
    400: "The request cannot be read",
    403: "Switched off by the operator of this host",
    404: "There is no such thing",
    409: "The files of this training lie with another host",
    413: "The request is larger than this host takes",
    415: "Arguments cannot be read from a body of this type",
    500: "The model failed; the id stands in the log of the host",
    501: "The model does not implement this",
    503: "The model takes no calls at present",
    504: "The model took too long",
    507: "No space is left on this host",
}


@dataclass(frozen=True)
class Operation:
    """One route of the API.

    Attributes:
        path: below the base path; with ``{name}`` it is documented once per model.
        responses: response objects by status.
        streamed: what to add to them for a model that yields its answer, which it can stream.
        function: which function of a model it calls, if one: its parameters are documented.
        documented: what is switched off has no place in the documents.
        works: whether it does for a model of this description; ``/swagger.json``, as in DEEPaaS
            2.x, has those that do not, too.
        result: response object for 200 made from a model's description, if it depends on it.
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
    """The id of an operation in the documents, of characters that no tool alters."""
    words = re.findall(r"[A-Za-z0-9_]+", path)
    return "_".join([method.lower(), *words])
