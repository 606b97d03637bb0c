"""``/swagger.json`` and its OpenAPI version, generated from the operations and the models."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiohttp import web

import deepaas
from deepaas.access.needs import Reach, needs
from deepaas.access.principal import Right
from deepaas.messages import Description
from deepaas.model.about import about, descriptions
from deepaas.model.handle import HostedModel
from deepaas.protocols import door
from deepaas.protocols.door import Host
from deepaas.protocols.v2 import naming
from deepaas.protocols.v2.definitions import DEFINITIONS
from deepaas.protocols.v2.operation import JSON, Operation, operation_id
from deepaas.protocols.v2.predict import PATH as PREDICT
from deepaas.protocols.v2.shown_examples import show
from deepaas.tensors.file_types import offered
from deepaas.web.access import readable
from deepaas.web.events import MEDIA_TYPE
from deepaas.web.openapi import to_openapi3

TITLE = "DEEP as a Service API endpoint"
ABOUT = (
    "This is a REST API that is focused on providing access to machine learning models: "
    "anyone can use them over HTTP, from a program, from the command line or from this page."
)
CONSUMES = ["multipart/form-data", "application/x-www-form-urlencoded", JSON]


KEPT_COUNT = 8
"""For so many different sets of models, documents are kept."""


@dataclass
class _Made:
    known: dict[str, Description]
    swagger: bytes
    openapi: dict[str, Any] | None = None
    examples: dict[str, Mapping[str, Any]] = field(default_factory=dict)


class Documents:
    def __init__(self, host: Host, operations: Sequence[Operation]) -> None:
        self._host = host
        self._shown = [operation for operation in operations if operation.documented]
        self._made: dict[tuple[str, ...], _Made] = {}

    def routes(self) -> list[web.RouteDef]:
        return door.routes(self._host.prefix, [("GET", "/swagger.json", self._get_swagger)])

    async def openapi(self, models: Sequence[HostedModel]) -> dict[str, Any]:
        """The operations that each model supports, as OpenAPI 3.0, with a tag for each model."""
        made = await self._up_to_date(models)
        named = [self._host.registry[name] for name in made.known]
        told = await asyncio.gather(*map(about, named))
        examples = {model.name: one.example for model, one in zip(named, told, strict=True)}
        if made.openapi is None or made.examples != examples:
            source = openapi_source(self._host.prefix, self._shown, made.known)
            made.openapi, made.examples = to_openapi3(source), examples
            for name, example in examples.items():
                path = f"{self._host.prefix}{PREDICT}".replace("{name}", name)
                if "post" in made.openapi["paths"].get(path, {}):
                    show(made.openapi["paths"][path]["post"], example)
        return made.openapi

    @needs(Right.READ, Reach.SEEN, document=True)
    async def _get_swagger(self, request: web.Request) -> web.Response:
        made = await self._up_to_date(readable(request, self._host.registry))
        headers = {"Content-Type": "application/json; charset=utf-8"}
        return web.Response(body=made.swagger, headers=headers)

    async def _up_to_date(self, models: Sequence[HostedModel]) -> _Made:
        known = await descriptions(models)
        # Keys differ in the models that they may read.
        names = tuple(known)
        made = self._made.get(names)
        if made is None or made.known != known:
            while len(self._made) >= KEPT_COUNT:
                del self._made[next(iter(self._made))]
            document = swagger(self._host.prefix, self._shown, known)
            made = self._made[names] = _Made(known, msgspec.json.encode(document))
        return made


def swagger(
    prefix: str, operations: Sequence[Operation], models: Mapping[str, Description]
) -> dict[str, Any]:
    """The Swagger 2.0 document of DEEPaaS 2.x, in which all models have all operations."""
    return _document(prefix, operations, models, lambda _operation, _description: True)


def openapi_source(
    prefix: str, operations: Sequence[Operation], models: Mapping[str, Description]
) -> dict[str, Any]:
    """The source of the OpenAPI document: the operations that each model supports."""
    document = _document(
        prefix,
        operations,
        models,
        lambda operation, description: operation.works(description),
        tag_by_model=True,
    )
    return document | {"tags": [{"name": name} for name in models]}


def _document(
    prefix: str,
    operations: Sequence[Operation],
    models: Mapping[str, Description],
    is_shown: Callable[[Operation, Description | None], bool],
    *,
    tag_by_model: bool = False,
) -> dict[str, Any]:
    of_models: dict[str, Any] = {}
    paths: dict[str, dict[str, Any]] = {}
    for operation in (o for o in operations if "{name}" not in o.path and is_shown(o, None)):
        path = f"{prefix}{operation.path}"
        if operation.path == "/":
            path = prefix or "/"
        paths.setdefault(path, {})[operation.method.lower()] = _operation(operation, "", None)
    for name, described in models.items():
        description = naming.take(of_models, described)
        for operation in (o for o in operations if "{name}" in o.path and is_shown(o, description)):
            path = f"{prefix}{operation.path}".replace("{name}", name)
            told = _operation(operation, name, description)
            if tag_by_model:
                told["tags"] = [name]
            paths.setdefault(path, {})[operation.method.lower()] = told
    names = naming.host_names(of_models, DEFINITIONS)
    definitions = {names[name]: definition for name, definition in DEFINITIONS.items()} | of_models
    document: dict[str, Any] = {
        "swagger": "2.0",
        "info": {"title": TITLE, "version": deepaas.__version__, "description": ABOUT},
        "externalDocs": {
            "description": "API documentation",
            "url": "https://deepaas.readthedocs.org/",
        },
        "paths": paths,
        "definitions": definitions,
    }
    return naming.settle(document, names)


def _operation(operation: Operation, name: str, description: Description | None) -> dict[str, Any]:
    responses = dict(operation.responses)
    parameters = list(operation.parameters)
    produces = list(operation.produces)
    documented: dict[str, Any] = {}
    if description is not None and operation.function is not None:
        function = operation.function(description)
        documented["consumes"] = CONSUMES
        # Not part of Swagger; for the try-me page.
        documented["x-implemented"] = function is not None
        if function is not None:
            parameters += function.parameters
            produces = function.result.media_types or produces
            if operation.result is not None:
                produces = [*produces, *(files := offered(function))]
                if files:
                    # For the client and the page.
                    documented["x-tensors"] = {
                        one: {"dtype": tensor.dtype, "shape": tensor.shape}
                        for one, tensor in function.result.tensors.items()
                    }
        if function is not None and function.result.streams and operation.streamed:
            produces = [*produces, MEDIA_TYPE]
            documented["x-streams"] = True
            documented["description"] = operation.streamed
    if description is not None and operation.result is not None:
        responses = {"200": operation.result(description), **responses}
    return documented | {
        "tags": [operation.tag],
        "summary": operation.summary,
        **({"description": operation.description} if operation.description else {}),
        "operationId": operation_id(operation.method, operation.path.replace("{name}", name)),
        "parameters": parameters,
        "produces": produces,
        "responses": responses,
    }
