"""What lines of the log tell about the request that they belong to."""

from __future__ import annotations

from aiohttp import web

from deepaas.request_context import RequestDetails
from deepaas.web.access import principal_of
from deepaas.web.facts import FactFinder
from deepaas.web.request_id import Details, request_id


def details_from(facts: FactFinder) -> Details:
    def details(request: web.BaseRequest) -> RequestDetails:
        principal = principal_of(request) if isinstance(request, web.Request) else None
        return RequestDetails(
            request_id=request_id(request),
            model=facts.of(request).model,
            key=principal.name if principal is not None else "",
        )

    return details
