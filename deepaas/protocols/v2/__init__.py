"""The DEEPaaS V2 API: the dialect that this host is the successor in."""

from __future__ import annotations

from deepaas.protocols import Host
from deepaas.protocols.v2 import documents, models, predict, trainings, versions, watching


def setup(host: Host) -> None:
    """Add the routes of the V2 API, its documents and its pages."""
    operations = [
        # The router tries them in this order, and this one has to be fast.
        *predict.operations(host),
        *versions.operations(host),
        *models.operations(host),
        *trainings.operations(host),
        *watching.operations(host),
    ]
    for operation in operations:
        for path in _paths(host.prefix, operation.path):
            host.app.router.add_route(operation.method, path, operation.handler)
            if operation.method == "GET":
                host.app.router.add_route("HEAD", path, operation.handler)
    documents.setup(host, operations)


def _paths(prefix: str, path: str) -> list[str]:
    """Where an operation is found: the base path itself is the start page, slash or no slash."""
    # The path of a file has slashes of its own, and may have a newline.
    route = path.replace("{path}", "{path:(?s:.+)}")
    return [prefix, f"{prefix}/"] if prefix and path == "/" else [f"{prefix}{route}"]
