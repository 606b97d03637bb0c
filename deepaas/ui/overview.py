"""The overview of all models, and pages with a single message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import quote

from starlette.responses import HTMLResponse

from deepaas.client.description import Model
from deepaas.site import BRAND, ICON, plain, shorten, style
from deepaas.ui.other_doors import HostAround

_DESCRIPTION_LIMIT = 400
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    ),
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True)
class Catalogue:
    """The models of a host by name: descriptions of loaded models, and why others are not
    ready."""

    models: Mapping[str, Model]
    reasons: Mapping[str, str]
    around: HostAround

    @property
    def names(self) -> list[str]:
        return list(dict.fromkeys([*self.models, *self.reasons]))


def read_reasons(metadata: Any) -> dict[str, str]:
    """Read from ``/v2/models/`` why models are not ready; DEEPaaS 2.x has no reasons."""
    entries = metadata.get("models", []) if isinstance(metadata, Mapping) else []
    return {str(entry["id"]): str(entry["error"]) for entry in entries if entry.get("error")}


def overview(catalogue: Catalogue, header: str) -> HTMLResponse:
    count = len(catalogue.names)
    cards = [_card(catalogue, name) for name in catalogue.names]
    return _page(
        header,
        "Try me",
        f"{count} model{'' if count == 1 else 's'}"
        if count
        else "This host does not serve any models.",
        cards,
    )


def notice(
    header: str, title: str, message: str, status: int, refresh_seconds: int = 0
) -> HTMLResponse:
    """Return a page with a single message."""
    return _page(
        header, title, message, ['<p><a href="../">All models</a></p>'], status, refresh_seconds
    )


def _page(
    header: str,
    title: str,
    message: str,
    cards: Sequence[str],
    status: int = 200,
    refresh_seconds: int = 0,
) -> HTMLResponse:
    refresh = f'<meta http-equiv="refresh" content="{refresh_seconds}">' if refresh_seconds else ""
    text = Template(_file("overview.html")).substitute(
        title=escape(title),
        brand=BRAND,
        icon=ICON,
        style=style(),
        header=header,
        message=escape(message),
        cards="\n".join(cards),
        refresh=refresh,
    )
    return HTMLResponse(text, status, _HEADERS)


def _card(catalogue: Catalogue, name: str) -> str:
    model = catalogue.models.get(name)
    reason = catalogue.reasons.get(name)
    title = model.title if model else name
    facts = (
        [("Author", model.author), ("License", model.license), ("Version", model.version)]
        if model
        else []
    )
    parts = [
        f"<div><h2>{escape(title)}</h2>",
        f'<p class="name"><code>{escape(name)}</code></p></div>',
        f'<p class="bad">{escape(_shorten(reason))}</p>' if reason else '<p class="good">Ready</p>',
    ]
    if model:
        if model.description:
            parts.append(f"<p>{escape(_shorten(plain(model.description)))}</p>")
        parts.append(f"<dl>{''.join(_fact(*fact) for fact in facts if fact[1])}</dl>")
        links = "".join(_link(*link) for link in model.links)
        parts.append(f'<ul class="links">{links}</ul>' if links else "")
        label = f' aria-label="{escape(f"Try {title}")}"'
        parts.append(f'<a class="try" href="./{quote(name, safe="")}/"{label}>Try it</a>')
    return f"<article>{''.join(parts)}</article>"


def _fact(label: str, value: str) -> str:
    return f"<div><dt>{label}</dt><dd>{escape(_shorten(value))}</dd></div>"


def _link(label: str, url: str) -> str:
    # Only http and https are possible here.
    return (
        f'<li><a href="{escape(url)}" rel="noopener noreferrer nofollow">'
        f"{escape(_shorten(label))}</a></li>"
    )


def _shorten(text: str) -> str:
    return shorten(text, _DESCRIPTION_LIMIT)


@cache
def _file(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")
