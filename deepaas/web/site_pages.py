"""The pages of a host that the header of each of them leads to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from deepaas.site import Account, SiteLink
from deepaas.web.request_state import kept

TRY_ME, SWAGGER, TENSORBOARD = "/try-me/", "/api", "/tensorboard/"
"""Below the base path."""


LOGIN, LOGOUT = "/login", "/logout"

LOGGED_IN = "deepaas_logged_in"
"""Key of a request for the name of whoever is logged in; not set for those who send a key."""


@dataclass(frozen=True)
class SitePages:
    """``home`` is the start page, ``others`` what the header leads to; both are whole paths."""

    home: str
    others: Sequence[SiteLink]
    account: Account | None = None


SITE: web.AppKey[SitePages] = web.AppKey("deepaas_site", SitePages)


def site_pages(prefix: str, *, try_me: bool, swagger: bool, tensorboard: bool) -> SitePages:
    there = (
        ("Try me", TRY_ME, try_me),
        ("Swagger", SWAGGER, swagger),
        ("TensorBoard", TENSORBOARD, tensorboard),
    )
    links = [SiteLink(label, f"{prefix}{path}") for label, path, is_there in there if is_there]
    return SitePages(f"{prefix}/", links)


def of_page(request: web.Request, path: str = "") -> SitePages:
    """As the header of a page has it; the page with this path is the one that it stands on."""
    site = request.config_dict.get(SITE, SitePages("/", ()))
    others = [SiteLink(one.label, one.url, one.url == path) for one in site.others]
    return SitePages(site.home, others, account_of(request, site.home))


def account_of(request: web.Request, home: str) -> Account | None:
    name = kept(request, LOGGED_IN)
    return None if name is None else Account(name, f"{home.removesuffix('/')}{LOGOUT}")
