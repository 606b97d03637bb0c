"""Small pages that say why a part of the host cannot be shown at the moment."""

from __future__ import annotations

from functools import cache
from html import escape
from pathlib import Path
from string import Template

from aiohttp import hdrs, web

from deepaas.errors import DeepaasError
from deepaas.site import ICON, header, style
from deepaas.web.errors import PROBLEM, Problem, status_of
from deepaas.web.request_state import keep
from deepaas.web.site_pages import of_page

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; "
        "frame-ancestors 'self'"
    ),
    hdrs.CACHE_CONTROL: "no-store",
}


def error_page(request: web.Request, name: str, error: DeepaasError) -> web.Response:
    """A page for an error; its message may end with a command, as in ``…: pip install …``."""
    keep(request, PROBLEM, Problem(status_of(error), error.message, error.code))
    message, _, command = error.message.partition(": pip ")
    advice = f"<pre>pip {escape(command)}</pre>" if command else ""
    status = status_of(error)
    if not command and status >= 500:
        advice = "<p>Try again in a moment.</p>"
    return _page(
        request,
        name,
        f"{name} cannot be shown",
        f"{message[:1].upper()}{message[1:]}.",
        advice,
        status,
    )


def waiting_page(request: web.Request, name: str, message: str) -> web.Response:
    """A page that reloads itself until the real page is ready."""
    # Browsers may treat 0 as a redirection and not show the page.
    refresh = '<meta http-equiv="refresh" content="1">\n'
    # 202, because browsers report 503 as an error.
    return _page(request, name, name, message, "", 202, refresh)


@cache
def _template() -> Template:
    path = Path(__file__).parent / "pages" / "notice.html"
    return Template(path.read_text(encoding="utf-8"))


def _page(
    request: web.Request,
    title: str,
    heading: str,
    message: str,
    advice: str,
    status: int,
    refresh: str = "",
) -> web.Response:
    site = of_page(request)
    text = _template().substitute(
        icon=ICON,
        style=style(),
        header=header(site.home, site.others, site.account),
        refresh=refresh,
        title=escape(title),
        heading=escape(heading),
        message=escape(message),
        advice=advice,
    )
    return web.Response(text=text, status=status, content_type="text/html", headers=_HEADERS)
