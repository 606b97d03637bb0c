"""The DEEPaaS V2 API: the dialect that this host is the successor in."""

from __future__ import annotations

from deepaas.protocols import Host
from deepaas.protocols.v2 import documents, models, predict, trainings, versions


def setup(host: Host) -> None:
    """Add the routes of the V2 API, its documents and its pages."""
    operations = [
        *versions.operations(host),
        *models.operations(host),
        *predict.operations(host),
        *trainings.operations(host),
    ]
    for operation in operations:
        host.app.router.add_route(
            operation.method, f"{host.prefix}{operation.path}", operation.handler
        )
        if operation.method == "GET":
            host.app.router.add_route("HEAD", f"{host.prefix}{operation.path}", operation.handler)
    documents.setup(host, operations)
