"""``/``, ``/v2/`` and ``/v2/debug/``: what is here."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from deepaas.protocols import Host
from deepaas.protocols.v2.operation import Operation, answer, reference
from deepaas.web.errors import json_response


def operations(host: Host) -> list[Operation]:
    """The routes that tell of the API itself."""

    def version() -> dict[str, Any]:
        link = {"rel": "self", "type": "application/json", "href": f"{host.prefix}/v2/"}
        return {"version": "stable", "id": "v2", "links": [link]}

    async def get_version(_request: web.Request) -> web.Response:
        return json_response(version())

    async def get_versions(request: web.Request) -> web.StreamResponse:
        if wants_page(request):
            return await host.home(request)
        links = []
        if host.settings.doc_endpoint:
            links.append({"rel": "help", "type": "text/html", "href": f"{host.prefix}/api"})
        links.append(
            {
                "rel": "describedby",
                "type": "application/json",
                "href": f"{host.prefix}/swagger.json",
            }
        )
        return json_response({"versions": [version()], "links": links})

    async def get_debug(_request: web.Request) -> web.Response:
        if host.recent_log is None:
            return web.Response(status=204)
        return web.Response(text=host.recent_log.text())

    return [
        Operation(
            "GET",
            "/",
            get_versions,
            "versions",
            "Get available API versions",
            {"200": answer("The versions", reference("Versions"))},
        ),
        Operation(
            "GET",
            "/v2/",
            get_version,
            "versions",
            "Get V2 API version information",
            {"200": answer("The version", reference("Version"))},
        ),
        Operation(
            "GET",
            "/v2/debug/",
            get_debug,
            "debug",
            "Return debug information if enabled by API.",
            {
                "200": answer("Debug information if debug endpoint is enabled"),
                "204": answer("Debug endpoint not enabled"),
            },
            description="Return debug information if enabled by API.",
            produces=("text/plain",),
        ),
    ]


def wants_page(request: web.Request) -> bool:
    """Tell a browser, which asks for HTML by name, from a program."""
    return "text/html" in request.headers.get("Accept", "")
