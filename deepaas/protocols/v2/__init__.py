"""The DEEPaaS V2 API."""

from __future__ import annotations

from urllib.parse import quote

from deepaas.model.handle import HostedModel
from deepaas.protocols.door import Door, Host, Link, Snippet, routes
from deepaas.protocols.v2 import documents, predict, snippets
from deepaas.protocols.v2.models import ModelOperations
from deepaas.protocols.v2.operation import operation_id
from deepaas.protocols.v2.predict import PredictionOperations
from deepaas.protocols.v2.trainings import TrainingOperations
from deepaas.protocols.v2.versions import VersionOperations
from deepaas.protocols.v2.watching import WatchingOperations


def setup(host: Host) -> Door:
    """The routes of the V2 API, its documents and its pages, at the root."""
    operations = [
        # Routes are matched in this order, and this one must be fast.
        *PredictionOperations(host).operations(),
        *VersionOperations(host).operations(),
        *ModelOperations(host).operations(),
        *TrainingOperations(host).operations(),
        *WatchingOperations(host).operations(),
    ]
    table = [
        (operation.method, path, operation.handler)
        for operation in operations
        for path in _paths(host.prefix, operation.path)
    ]
    told = documents.Documents(host, operations)
    return Door(
        [*routes("", table), *told.routes()],
        title="DEEPaaS V2 API",
        pages=_pages(host),
        links=lambda model: _links(host, model),
        snippets=lambda model, url: _snippets(host, model, url),
        openapi=told.openapi,
        is_first=True,
    )


def _pages(host: Host) -> list[Link]:
    own = [("V2 API", "/v2/"), ("Models (JSON)", "/v2/models/")]
    if host.settings.doc_endpoint:
        own.append(("Swagger file", "/swagger.json"))
    return [Link(label, f"{host.prefix}{path}") for label, path in own]


def _links(host: Host, model: HostedModel) -> list[Link]:
    path = f"{host.prefix}/v2/models/{quote(model.name, safe='')}/"
    links = []
    if host.settings.doc_endpoint and _can_predict(host, model):
        # Swagger UI builds links from the tag and the id of an operation.
        tag = quote(model.name, safe="")
        operation = operation_id("POST", predict.PATH.replace("{name}", model.name))
        links.append(Link("Try predict", f"{host.prefix}/api#/{tag}/{quote(operation)}"))
    known = model.description
    if known is not None and known.train is not None and host.settings.train_endpoint:
        links.append(Link("Training runs (JSON)", f"{path}train/?order=newest&limit=100"))
    return [*links, Link("Metadata (JSON)", path)]


def _snippets(host: Host, model: HostedModel, url: str) -> list[Snippet]:
    known = model.description
    if known is None or known.predict is None or not _can_predict(host, model):
        return []
    path = predict.PATH.replace("{name}", quote(model.name, safe=""))
    text = snippets.prediction(url, path, known.predict.parameters)
    return [Snippet("Predict from the command line", text)]


def _can_predict(host: Host, model: HostedModel) -> bool:
    known = model.description
    return known is not None and known.predict is not None and host.settings.predict_endpoint


def _paths(prefix: str, path: str) -> list[str]:
    """The paths of an operation: the start page is at the base path, with or without a slash."""
    # The path of a file contains slashes, and may contain a newline.
    route = path.replace("{path}", "{path:(?s:.+)}")
    return [prefix, f"{prefix}/"] if prefix and path == "/" else [f"{prefix}{route}"]
