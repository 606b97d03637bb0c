"""The login page: a key becomes a cookie, so that the pages of this host work in a browser.

The cookie alone never authorises a change: the request must come from a page of this host. Browsers
say so (``Sec-Fetch-Site``, ``Origin``), and no page can change what they say. ``SameSite`` is Lax:
with Strict, a link in a mail or a wiki would lead those who are logged in to the login page.
"""

from __future__ import annotations

import time
from functools import cache
from html import escape
from http.cookies import Morsel
from pathlib import Path
from string import Template
from urllib.parse import parse_qs, quote

from aiohttp import hdrs, web

from deepaas.access.needs import open_to_all
from deepaas.access.principal import Principal
from deepaas.access.sessions import SECONDS, LoginSession, Sessions
from deepaas.browsers import wants_page
from deepaas.errors import (
    DeepaasError,
    ForeignOrigin,
    LimitExceeded,
    Unauthenticated,
    UnsupportedMediaType,
)
from deepaas.limits.grammar import Limit, LimitKind
from deepaas.limits.limiter import network_of
from deepaas.limits.policies import Quota
from deepaas.origins import is_origin_of
from deepaas.site import ICON, header, style
from deepaas.web.bodies import received
from deepaas.web.errors import challenge, status_of
from deepaas.web.forwarded import client_address, forwarded_host, public_host, public_scheme
from deepaas.web.request_state import keep, kept
from deepaas.web.site_pages import LOGGED_IN, LOGIN, LOGOUT, of_page

MAX_FORM_BYTES = 16 * 1024

WRONG_KEYS = Limit(LimitKind.CALLS, 10, 60)
"""How many wrong keys an address may try."""

_SESSION = "deepaas_session"
_SAFE = (hdrs.METH_GET, hdrs.METH_HEAD)

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    hdrs.CACHE_CONTROL: "no-store",
}


class Login:
    def __init__(self, sessions: Sessions, prefix: str) -> None:
        self._sessions = sessions
        self._prefix = prefix
        self._wrong = Quota("login", WRONG_KEYS)

    def routes(self) -> list[web.RouteDef]:
        login, logout = f"{self._prefix}{LOGIN}", f"{self._prefix}{LOGOUT}"
        return [
            web.get(login, self._show),
            web.post(login, self._log_in),
            web.post(logout, self._log_out),
        ]

    def authenticate(self, request: web.Request, token: str) -> Principal | None:
        """See :class:`deepaas.web.access.Authenticator`."""
        if token or hdrs.COOKIE not in request.headers:
            return None
        cookie = request.cookies.get(_name(request, self._prefix))
        found = self._sessions.read(cookie) if cookie else None
        if found is None:
            return None
        if not _is_from_here(request):
            raise Unauthenticated("a login only counts for pages of this host: send a key")
        session, principal = found
        keep(request, _SESSION, session)
        keep(request, LOGGED_IN, principal.name)
        return principal

    def lead(self, request: web.Request, _error: Unauthenticated) -> web.StreamResponse:
        """Lead a browser to the login page, and later back to where it wanted to go."""
        after = quote(request.rel_url.raw_path_qs, safe="")
        location = f"{self._prefix}{LOGIN}?next={after}"
        headers = {hdrs.LOCATION: location, hdrs.CACHE_CONTROL: "no-store"}
        return web.Response(status=303, headers=headers)

    def tell(self, request: web.Request, response: web.StreamResponse) -> None:
        """Renew the cookie from time to time, and keep what it has opened out of caches."""
        session: LoginSession | None = kept(request, _SESSION)
        if session is None:
            return
        response.headers.setdefault(hdrs.CACHE_CONTROL, "private")
        if hdrs.SET_COOKIE not in response.headers and (value := self._sessions.renewed(session)):
            left_seconds = session.began + SECONDS - time.time()
            self._set_cookie(request, response, value, left_seconds)

    @open_to_all
    async def _show(self, request: web.Request) -> web.StreamResponse:
        return self._page(request, self._after(request.query.get("next", "")))

    @open_to_all
    async def _log_in(self, request: web.Request) -> web.StreamResponse:
        _check_form(request)
        form = await _form(request)
        after = self._after(form.get("next", ""))
        who, now = network_of(client_address(request)), time.monotonic()
        if seconds := self._wrong.wait_seconds(who, 0, now):
            error = LimitExceeded(
                "address", "10 wrong keys in one minute", {self._wrong.name: seconds}
            )
            return self._refused(request, after, error, "Too many wrong keys. Wait a minute.")
        begun = self._sessions.begin(form.get("key", "").strip())
        if begun is None:
            self._wrong.take(who, 0, now)
            wrong = "This key is not valid. It is unknown, revoked or has expired."
            return self._refused(request, after, Unauthenticated.unknown(), wrong)
        response = web.Response(status=303, headers={hdrs.LOCATION: after, **_HEADERS})
        self._set_cookie(request, response, begun[0], SECONDS)
        return response

    @open_to_all
    async def _log_out(self, request: web.Request) -> web.StreamResponse:
        _check_form(request)
        if cookie := request.cookies.get(_name(request, self._prefix)):
            self._sessions.end(cookie)
        headers = {hdrs.LOCATION: f"{self._prefix}{LOGIN}", **_HEADERS}
        response = web.Response(status=303, headers=headers)
        self._set_cookie(request, response, "", 0)
        request.pop(_SESSION, None)
        return response

    def _after(self, wanted: str) -> str:
        """Where to go after logging in: a path of this host, never another site."""
        home = f"{self._prefix}/"
        is_path = wanted.startswith(home) and not wanted.startswith("//")
        is_plain = wanted.isascii() and wanted.isprintable() and "\\" not in wanted
        return wanted if is_path and is_plain else home

    def _refused(
        self, request: web.Request, after: str, error: DeepaasError, message: str
    ) -> web.StreamResponse:
        if not wants_page(request.headers.get(hdrs.ACCEPT, "")):
            raise error
        page = self._page(request, after, message, status_of(error))
        page.headers.update(challenge(error))
        if isinstance(error, LimitExceeded):
            page.headers[hdrs.RETRY_AFTER] = str(int(error.retry_after_seconds) + 1)
        return page

    def _page(
        self, request: web.Request, after: str, message: str = "", status: int = 200
    ) -> web.Response:
        site = of_page(request)
        name = kept(request, LOGGED_IN)
        if name is not None:
            body = _part("logged_in").substitute(name=escape(name), after=escape(after))
        else:
            wrong = f'<p class="wrong" id="wrong" role="alert">{escape(message)}</p>'
            body = _part("form").substitute(
                action=escape(f"{self._prefix}{LOGIN}"),
                after=escape(after),
                wrong=wrong if message else "",
                about='aria-invalid="true" aria-describedby="wrong"' if message else "",
            )
        text = _part("page").substitute(
            icon=ICON, style=style(), header=header(site.home, (), site.account), body=body
        )
        return web.Response(text=text, status=status, content_type="text/html", headers=_HEADERS)

    def _set_cookie(
        self, request: web.Request, response: web.StreamResponse, value: str, seconds: float
    ) -> None:
        name = _name(request, self._prefix)
        cookie: Morsel[str] = Morsel()
        cookie.set(name, value, value)
        cookie["path"] = self._prefix or "/"
        cookie["max-age"] = str(max(0, int(seconds)))
        cookie["httponly"] = True
        cookie["samesite"] = "Lax"
        cookie["secure"] = _is_secure(request)
        response.headers.add(hdrs.SET_COOKIE, cookie.OutputString())


def _check_form(request: web.Request) -> None:
    """Raises ``ForeignOrigin`` for a form of another site."""
    is_program = hdrs.ORIGIN not in request.headers and "Sec-Fetch-Site" not in request.headers
    if not (is_program or _is_from_here(request)):
        raise ForeignOrigin("only pages of this host can log in and out")


def _is_from_here(request: web.Request) -> bool:
    """Whether a request comes from a page of this host, or from the address bar of a browser."""
    headers, is_safe = request.headers, request.method in _SAFE
    site = headers.get("Sec-Fetch-Site")
    if site is not None:
        is_visit = site == "none" or headers.get("Sec-Fetch-Mode") == "navigate"
        return site == "same-origin" or (is_safe and is_visit)
    origin = headers.get(hdrs.ORIGIN)  # Browsers always send it with changes.
    if origin is None:
        return is_safe
    return is_origin_of(origin, (forwarded_host(request) or request.host,))


async def _form(request: web.Request) -> dict[str, str]:
    if request.content_type != "application/x-www-form-urlencoded":
        raise UnsupportedMediaType("the login form must be application/x-www-form-urlencoded")
    body = b"".join([chunk async for chunk in received(request, MAX_FORM_BYTES)])
    fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=None)
    return {name: values[0] for name, values in fields.items()}


def _is_secure(request: web.Request) -> bool:
    return public_scheme(request) == "https"


def _name(request: web.Request, prefix: str) -> str:
    """The name of the cookie; hosts on several ports of one machine share their cookies."""
    port = public_host(request).rpartition(":")[2]
    name = f"deepaas-{port}" if port.isdecimal() else "deepaas"
    if not _is_secure(request):
        return name
    return f"__Secure-{name}" if prefix else f"__Host-{name}"


@cache
def _part(name: str) -> Template:
    pages = Path(__file__).parent / "pages"
    return Template((pages / f"login_{name}.html").read_text(encoding="utf-8"))
