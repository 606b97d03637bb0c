"""The DEEPaaS V2 API: the dialect that this host is the successor in."""

from __future__ import annotations

from deepaas.protocols import Door, Host, routes
from deepaas.protocols.v2 import documents, models, predict, trainings, versions, watching


def setup(host: Host) -> Door:
    """The routes of the V2 API, its documents and its pages, which are at the root."""
    operations = [
        # The router tries them in this order, and this one has to be fast.
        *predict.operations(host),
        *versions.operations(host),
        *models.operations(host),
        *trainings.operations(host),
        *watching.operations(host),
    ]
    table = [
        (operation.method, path, operation.handler)
        for operation in operations
        for path in _paths(host.prefix, operation.path)
    ]
    return Door([*routes("", table), *documents.routes(host, operations)])


def _paths(prefix: str, path: str) -> list[str]:
    """Where an operation is found: the base path itself is the start page, slash or no slash."""
    # The path of a file has slashes of its own, and may have a newline.
    route = path.replace("{path}", "{path:(?s:.+)}")
    return [prefix, f"{prefix}/"] if prefix and path == "/" else [f"{prefix}{route}"]
