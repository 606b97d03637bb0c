"""What is open to whom, for the operator on the start page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from aiohttp import web

from deepaas.access.needs import OPEN, need_of
from deepaas.access.principal import Principal, Right
from deepaas.settings import Settings
from deepaas.web.access import principal_of
from deepaas.web.addresses import parse
from deepaas.web.this_machine import is_of_this_machine

Fact = tuple[str, Sequence[str]]
"""A label, and one or several lines."""

_METRICS = "/metrics"


class AccessSummary:
    """`owners` returns the owners of valid keys, or is None if no key is required."""

    def __init__(
        self,
        settings: Settings,
        owners: Callable[[], Sequence[Principal]] | None,
        addresses: Sequence[str],
    ) -> None:
        self._settings = settings
        self._owners = owners
        self._addresses = addresses

    def facts(self, request: web.Request) -> Sequence[Fact]:
        """Empty unless the sender may manage the host or, without keys, is on this machine."""
        principal = principal_of(request)
        is_operator = (
            is_of_this_machine(request) if principal is None else principal.may_all(Right.MANAGE)
        )
        return list(self._facts(request)) if is_operator else ()

    def _facts(self, request: web.Request) -> Iterator[Fact]:
        settings = self._settings
        if self._owners is None:
            yield "Keys", ["Not required: all clients have all rights."]
        else:
            yield "Keys", ["Required, except for the following paths."]
            yield "Without a key", list(self._open_paths(request))
        if settings.metrics:
            yield "Metrics", [self._metrics()]
        yield "Listens on", self._addresses
        if settings.tls_client_ca:
            yield "Client certificates", [settings.tls_client_auth.capitalize()]
        if settings.allowed_host:
            yield "Host names", settings.allowed_host
        if settings.allowed_origin:
            yield "Web pages of", settings.allowed_origin
        yield "Limits", list(self._limits()) or ["None"]
        if self._owners is not None:
            shown = [_shown(one) for one in self._owners()]
            yield "Valid keys", shown or ["None: create one with 'deepaas-cli keys create NAME'"]

    def _open_paths(self, request: web.Request) -> Iterator[str]:
        """Found by what the routes need, so that none is missing here."""
        always: set[str] = set()
        documents: set[str] = set()
        for route in request.app.router.routes():
            need = need_of(route.method, route.handler)
            path = route.resource.canonical.rstrip("/") if route.resource else ""
            if need is OPEN:
                always.add(path)
            elif need.document:
                documents.add(path)
        yield ", ".join(sorted(always - {"", f"{self._settings.base_path}{_METRICS}"}))
        if self._settings.public_docs:
            yield f"documents (--public-docs): {', '.join(sorted(documents))}"

    def _metrics(self) -> str:
        settings = self._settings
        if settings.metrics_listen:
            at = parse(settings.metrics_listen)
            has_tls = bool(settings.tls_cert) if at.tls is None else at.tls
            scheme = "https" if has_tls else "http"
            return f"{scheme}://{at}{_METRICS}: everybody who can connect to it"
        others = "nobody else" if self._owners is None else "others need the right 'metrics'"
        return f"{settings.base_path}{_METRICS}: programs on this machine; {others}"

    def _limits(self) -> Iterator[str]:
        settings = self._settings
        for whose, limits in (
            ("each address", settings.limit_per_address),
            ("each key", settings.limit_per_key),
            ("each model", settings.limit_per_model),
        ):
            if limits:
                yield f"{whose}: {limits}"
        if settings.client_max_size:
            yield f"each request: {settings.client_max_size:,} bytes"


def _shown(owner: Principal) -> str:
    limits = f"; limits {owner.limits}" if owner.limits else ""
    return f"{owner.name}: {owner.words}{limits}"
