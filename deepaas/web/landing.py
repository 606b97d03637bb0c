"""The start page at ``/``: which models are served, their state, and how to call them.

It is one self-contained HTML text: its Content-Security-Policy allows the inline style and script
by their hashes, and nothing is fetched. Text from a model is escaped, and its URLs become links
only if they are http, https or mailto.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from string import Template
from urllib.parse import quote, urlsplit

from deepaas.site import ICON, Account, SiteLink, header, plain, shorten
from deepaas.site import style as site_style
from deepaas.web.site_pages import SWAGGER, TRY_ME

# To be sent with the page: what a page cannot say about itself.
PAGE_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "frame-ancestors 'self'",
    "Referrer-Policy": "no-referrer",
}

_PAGES = Path(__file__).parent / "pages"
_LINK_SCHEMES = ("http", "https", "mailto")
_STATUS_KINDS = {"ready": "good", "loading": "waiting", "warming": "waiting", "broken": "bad"}
_DESCRIPTION_LIMIT = 400
_REASON_LIMIT = 600


@dataclass(frozen=True)
class LandingModel:
    """Texts may be anything the author wrote."""

    name: str
    title: str
    description: str = ""
    author: str = ""
    license: str = ""
    version: str = ""
    status: str = "ready"
    """One word, shown unchanged; ready, loading, warming and broken have a colour."""
    reason: str | None = None
    can_be_tried: bool = False
    pages: Sequence[tuple[str, str]] = ()
    """Label and path of what doors offer for it."""
    examples: Sequence[tuple[str, str]] = ()
    """Title and text of example calls; the first one is visible, the others are folded."""
    gpus: str = ""
    links: Sequence[tuple[str, str]] = ()
    """Label and URL of the author's own links."""


def landing_page(
    *,
    title: str,
    version: str,
    prefix: str,
    models: Sequence[LandingModel],
    site: Sequence[SiteLink] = (),
    pages: Sequence[tuple[str, str]] = (),
    origin: str = "http://127.0.0.1:5000",
    account: Account | None = None,
    access: Sequence[tuple[str, Sequence[str]]] = (),
) -> str:
    """The page as HTML; ``prefix`` is empty or like ``/base``, ``pages`` are label and path of what
    doors have, ``site`` is what the header leads to. ``access`` has labels and lines about who may
    do what; only for operators.

    ``origin`` is in the examples until the browser replaces it by its own.
    """
    docs = any(link.url == f"{prefix}{SWAGGER}" for link in site)
    style, script = site_style() + _page_file("landing.css"), _page_file("landing.js")
    try_me = any(link.url == f"{prefix}{TRY_ME}" for link in site)
    cards = [_card(model, prefix, try_me, origin) for model in models]
    return Template(_page_file("landing.html")).substitute(
        policy=_content_security_policy(style, script),
        style=style,
        script=script,
        title=escape(title),
        version=escape(version),
        summary=_summary(models),
        icon=ICON,
        header=header(f"{prefix}/", site, account),
        cards="".join(cards) or '<p class="empty">No model is served here.</p>',
        access=_access(access),
        endpoints=_links(_host_endpoints(prefix, pages, docs=docs)),
    )


def _access(facts: Sequence[tuple[str, Sequence[str]]]) -> str:
    if not facts:
        return ""
    rows = "".join(
        f"<dt>{escape(label)}</dt>{''.join(f'<dd>{escape(line)}</dd>' for line in lines)}"
        for label, lines in facts
    )
    heading = '<h2 id="access">Access</h2>'
    return f'<section class="access" aria-labelledby="access">{heading}<dl>{rows}</dl></section>'


@cache
def _page_file(name: str) -> str:
    return (_PAGES / name).read_text(encoding="utf-8")


def _content_security_policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'self'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _summary(models: Sequence[LandingModel]) -> str:
    ready = sum(model.status == "ready" for model in models)
    count = f"{len(models)} model{'' if len(models) == 1 else 's'}"
    return f"{count}, {ready} ready"


def _host_endpoints(
    prefix: str, of_doors: Sequence[tuple[str, str]], *, docs: bool
) -> list[tuple[str, str]]:
    own = ["/healthz", "/readyz", *(["/openapi.json"] if docs else [])]
    return [*of_doors, *((path, prefix + path) for path in own)]


def _card(model: LandingModel, prefix: str, try_me: bool, origin: str) -> str:
    facts = (
        ("Author", model.author),
        ("License", model.license),
        ("Version", model.version),
        ("GPUs", model.gpus),
    )
    return Template(_page_file("landing_card.html")).substitute(
        anchor=escape(f"model-{quote(model.name)}"),
        title=escape(str(model.title)),
        name=escape(model.name),
        kind=_STATUS_KINDS.get(model.status, "other"),
        status=escape(model.status),
        reason=_paragraph("reason", model.reason, _REASON_LIMIT),
        description=_paragraph("description", plain(model.description), _DESCRIPTION_LIMIT),
        facts="".join(
            f"<div><dt>{label}</dt><dd>{escape(shorten(value, 200))}</dd></div>"
            for label, value in facts
            if value
        ),
        links=_links(_model_links(model, prefix, try_me)) + _author_links(model.links),
        example=_examples(model, origin),
    )


def _paragraph(css_class: str, text: str | None, limit: int) -> str:
    return f'<p class="{css_class}">{escape(shorten(text, limit))}</p>' if text else ""


def _links(links: Sequence[tuple[str, str]]) -> str:
    return "".join(f'<li><a href="{escape(url)}">{escape(label)}</a></li>' for label, url in links)


def _model_links(model: LandingModel, prefix: str, try_me: bool) -> list[tuple[str, str]]:
    # The page's paths do not support a slash in a name.
    tried = try_me and model.can_be_tried and "/" not in model.name
    own = [("Try me", f"{prefix}/try-me/{quote(model.name, safe='')}/")] if tried else []
    return [*own, *model.pages]


def _author_links(links: Sequence[tuple[str, str]]) -> str:
    return "".join(
        f'<li><a href="{escape(url)}" rel="noopener noreferrer nofollow">{escape(label)}</a></li>'
        if _leads_out(url)
        else f"<li>{escape(label)}: {escape(shorten(url, 200))}</li>"
        for label, url in ((str(label), str(url)) for label, url in links)
    )


def _leads_out(url: str) -> bool:
    """Whether a URL is absolute and allowed, without characters that browsers ignore."""
    if not url.isprintable() or url != url.strip():
        return False
    try:
        return urlsplit(url).scheme.lower() in _LINK_SCHEMES
    except ValueError:
        return False


def _examples(model: LandingModel, origin: str) -> str:
    first, *others = [_example(model, title, text, origin) for title, text in model.examples] or [
        ""
    ]
    if not others:
        return first
    return f"{first}<details><summary>Other APIs</summary>{''.join(others)}</details>"


def _example(model: LandingModel, title: str, text: str, origin: str) -> str:
    # The browser inserts the address that the user sees.
    place, shown = escape(quote(origin, safe=":/[]")), escape(text)
    return Template(_page_file("landing_example.html")).substitute(
        caption=escape(title),
        title=escape(str(model.title)),
        command=shown.replace(place, f"<span data-origin>{place}</span>"),
    )
