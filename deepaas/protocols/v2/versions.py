"""``/``, ``/v2/`` and ``/v2/debug/``: API versions and the log."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from deepaas.access.needs import Reach, needs
from deepaas.access.principal import Right
from deepaas.browsers import wants_page
from deepaas.protocols.door import Host
from deepaas.protocols.v2.operation import Operation, answer, reference
from deepaas.web.errors import json_response


class VersionOperations:
    def __init__(self, host: Host) -> None:
        self._host = host

    def _version(self) -> dict[str, Any]:
        link = {"rel": "self", "type": "application/json", "href": f"{self._host.prefix}/v2/"}
        return {"version": "stable", "id": "v2", "links": [link]}

    @needs(Right.READ, Reach.SEEN)
    async def get_version(self, _request: web.Request) -> web.Response:
        return json_response(self._version())

    @needs(Right.READ, Reach.SEEN)
    async def get_versions(self, request: web.Request) -> web.StreamResponse:
        """Return the API versions, or the start page for browsers."""
        host = self._host
        if wants_page(request.headers.get("Accept", "")):
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
        return json_response({"versions": [self._version()], "links": links})

    @needs(Right.MANAGE, Reach.ALL)
    async def get_debug(self, _request: web.Request) -> web.Response:
        """Return the end of the log, if clients may see it."""
        recent_log = self._host.recent_log
        if recent_log is None:
            return web.Response(status=204)
        return web.Response(text=recent_log.text())

    def operations(self) -> list[Operation]:
        return [
            Operation(
                "GET",
                "/",
                self.get_versions,
                "versions",
                "Get available API versions",
                {"200": answer("The versions", reference("Versions"))},
            ),
            Operation(
                "GET",
                "/v2/",
                self.get_version,
                "versions",
                "Get V2 API version information",
                {"200": answer("The version", reference("Version"))},
            ),
            Operation(
                "GET",
                "/v2/debug/",
                self.get_debug,
                "debug",
                "Return debug information if enabled by API.",
                {
                    "200": answer("Debug information if debug endpoint is enabled"),
                    "204": answer("Debug endpoint not enabled"),
                },
                description="Return debug information if enabled by API.",
                produces=("text/plain",),
                works=lambda _description: self._host.recent_log is not None,
            ),
        ]
