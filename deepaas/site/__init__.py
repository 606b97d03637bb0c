"""Shared parts of all pages of a host: colours, an icon, and a header with links."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path

BRAND = "DEEPaaS"

STYLE = Path(__file__).parent / "site.css"

READ_CHARACTERS = 20_000
"""So much of an author's text is read for a short one, which may be megabytes long."""

ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Crect width='16' height='16' rx='4' fill='%2324587e'/%3E"
    "%3Cpath d='M5 4h3a4 4 0 0 1 0 8H5z' fill='none' stroke='white' stroke-width='1.8'/%3E"
    "%3C/svg%3E"
)


@dataclass(frozen=True)
class SiteLink:
    """A link in the header; ``current`` for the page itself."""

    label: str
    url: str
    current: bool = False


@dataclass(frozen=True)
class Account:
    """Who is logged in, and the URL to log out."""

    name: str
    logout: str


def header(home: str, links: Sequence[SiteLink], account: Account | None = None) -> str:
    """Return the header as HTML; ``home`` is the URL of the start page."""
    listed = "".join(
        f'<li><a href="{escape(link.url)}"{_current(link)}>{escape(link.label)}</a></li>'
        for link in links
    )
    pages = f'<nav aria-label="Site"><ul>{listed}</ul></nav>' if links else ""
    return (
        f'<header class="site-header"><div><a class="site-brand" href="{escape(home)}">'
        f'<img src="{ICON}" alt="" width="22" height="22">{BRAND}</a>{pages}'
        f"{_account(account)}</div></header>"
    )


def _account(account: Account | None) -> str:
    if account is None:
        return ""
    return (
        f'<form class="site-account" method="post" action="{escape(account.logout)}">'
        f"<span>{escape(account.name)}</span><button>Log out</button></form>"
    )


def plain(markdown: str) -> str:
    """The words of Markdown, for places too small for paragraphs: no marks, no addresses."""
    return re.sub(_MARKS, "", re.sub(_LINK, r"\1", markdown[:READ_CHARACTERS]))


def shorten(text: object, limit: int) -> str:
    """A text in one line, of so many characters at most."""
    read = str(text)[:READ_CHARACTERS]
    return textwrap.shorten(read, limit, placeholder=" …") or read[:limit]


# Without further opening brackets: to look from each of them to the end takes for ever.
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)")
_MARKS = re.compile(
    r"^\s{0,3}(?:#{1,6}|>|[*+-])\s+|[`]+|\*\*|__(?=\S)|(?<=\S)__"
    r"|(?<![\w*])\*(?=[^\s*])|(?<=[^\s*])\*(?![\w*])",
    re.MULTILINE,
)


def _current(link: SiteLink) -> str:
    return ' aria-current="page"' if link.current else ""


@cache
def style() -> str:
    """Return the style sheet of the colours and the header."""
    return STYLE.read_text(encoding="utf-8")
