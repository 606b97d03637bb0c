"""Who uses the page, as the host says with each request that it forwards, and calls for them.

The page keeps no key: it sends back the header of the request that it answers. It reads what
stands in it, so that visitors only see what they may do; the host checks that again.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

from gradio.context import LocalContext

from deepaas.client.api import Api
from deepaas.client.description import Model
from deepaas.site import Account

HEADER = "x-deepaas-on-behalf"
LOGOUT = "/logout"


@dataclass(frozen=True)
class PageVisitor:
    """``header`` is what the host has sent; ``rights`` and ``models`` are None for all of them."""

    header: str = ""
    name: str = ""
    rights: frozenset[str] | None = None
    models: frozenset[str] | None = None
    is_logged_in: bool = False

    @property
    def known_as(self) -> tuple[Any, ...]:
        """What the host's answers about its models depend on."""
        return self.name, self.rights, self.models

    def may(self, right: str, model: str) -> bool:
        return (self.rights is None or right in self.rights) and (
            self.models is None or model in self.models
        )

    def part(self, model: Model) -> Model:
        """What they may use of a model."""
        return replace(
            model,
            predict=model.predict if self.may("predict", model.name) else None,
            train=model.train if self.may("train", model.name) else None,
        )

    def account(self, url: str) -> Account | None:
        return Account(self.name, f"{url}{LOGOUT}") if self.is_logged_in else None


ANYBODY = PageVisitor()

VISITOR: ContextVar[PageVisitor] = ContextVar("visitor")
"""Whose request is being answered, outside of Gradio's queue."""


def current() -> PageVisitor:
    return VISITOR.get(ANYBODY)


def visitor_of(headers: Sequence[tuple[bytes, bytes]]) -> PageVisitor:
    """``headers`` must be from the host."""
    given = next((value.decode() for name, value in headers if name == HEADER.encode()), "")
    if not given:
        return ANYBODY
    body = given.partition(".")[0]
    _, content = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    principal, _, is_logged_in = content
    if principal is None:
        return PageVisitor(given)
    models = principal["models"]
    return PageVisitor(
        given,
        principal["name"],
        frozenset(principal["rights"]),
        None if models is None else frozenset(models),
        is_logged_in=is_logged_in,
    )


class VisitorApi(Api):
    """Asks the host for whoever's request is being answered."""

    async def _begin(self, *arguments: Any, **options: Any) -> Any:
        request = LocalContext.request.get(None)
        # Gradio works on calls later, and keeps the request for that.
        given = current().header if request is None else request.headers.get(HEADER, "")
        if given:
            options["headers"] = {**options.get("headers", {}), HEADER: given}
        return await super()._begin(*arguments, **options)
