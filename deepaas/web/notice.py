"""Small pages for people who have asked for a part of the host that cannot be shown right now."""

from __future__ import annotations

from html import escape

from aiohttp import hdrs, web

from deepaas.errors import DeepaasError
from deepaas.web.errors import status_of

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
{refresh}<title>{title}</title>
<style>
body {{ max-width: 40rem; margin: 3rem auto; padding: 0 1rem; font-family: sans-serif }}
</style>
<h1>{heading}</h1>
<p>{message}</p>
{advice}
"""
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
    ),
    hdrs.CACHE_CONTROL: "no-store",
}


def error_page(name: str, error: DeepaasError) -> web.Response:
    """An error for people; its message may end with a command, as in ``…: pip install …``."""
    message, _, command = error.message.partition(": pip ")
    advice = f"<pre>pip {escape(command)}</pre>" if command else ""
    status = status_of(error)
    if not command and status >= 500:
        advice = "<p>Try again in a moment.</p>"
    return _page(
        name, f"{name} cannot be shown", f"{message[:1].upper()}{message[1:]}.", advice, status
    )


def waiting_page(name: str, message: str) -> web.Response:
    """Asks again, and is seen until there is something else to see."""
    # With 0 a browser may take it for a redirection, and not show it.
    refresh = '<meta http-equiv="refresh" content="1">\n'
    # 202: a browser tells of an error, where there is none, for 503.
    return _page(name, name, message, "", 202, refresh)


def _page(
    title: str, heading: str, message: str, advice: str, status: int, refresh: str = ""
) -> web.Response:
    text = _PAGE.format(
        refresh=refresh,
        title=escape(title),
        heading=escape(heading),
        message=escape(message),
        advice=advice,
    )
    return web.Response(text=text, status=status, content_type="text/html", headers=_HEADERS)
