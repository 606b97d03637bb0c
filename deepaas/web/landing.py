"""The page at ``/`` for people: which models are here, how they are, and how to call them.

``landing_page`` returns one self-contained HTML text: style and script stand in it, allowed by
their hashes in the page's own Content-Security-Policy, and nothing is fetched. Whatever comes
from a model is escaped, and its links are links only when they lead to the web or to a mailbox.
"""

from __future__ import annotations

import base64
import hashlib
import json
import shlex
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

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

_Parameter = Mapping[str, Any]
_VALUES_BY_FORMAT = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:00:00",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "email": "someone@example.org",
    "url": "https://example.org/",
}
_VALUES_BY_TYPE: dict[str, Any] = {"integer": 1, "number": 1.0, "boolean": True, "object": {}}


@dataclass(frozen=True)
class LandingModel:
    """What the page shows of one model. Texts may be anything the author wrote."""

    name: str
    """The name in URLs."""
    title: str
    description: str | None = None
    author: str | None = None
    license: str | None = None
    version: str | None = None
    status: str = "ready"
    """One word, shown as it is; ready, loading, warming and broken have a colour."""
    reason: str | None = None
    """Why the status is what it is."""
    can_predict: bool = False
    can_train: bool = False
    predict_operation: str = ""
    """The id of the operation in the API document."""
    predict_parameters: Sequence[Mapping[str, Any]] = ()
    """The Swagger 2.0 parameters of predict, for the example."""
    links: Sequence[tuple[str, str]] = ()
    """Label and URL of the author's own links."""


def landing_page(
    *,
    title: str,
    version: str,
    prefix: str,
    models: Sequence[LandingModel],
    docs: bool,
    tensorboard: bool = False,
    try_me: bool = False,
    origin: str = "http://127.0.0.1:5000",
) -> str:
    """Return the page as HTML.

    ``prefix`` is the host's base path, empty or like ``/base``; ``docs``, ``tensorboard`` and
    ``try_me`` say whether the Swagger page, TensorBoard and the try-me page are served.
    ``origin`` stands in the examples until the browser puts in its own.
    """
    style, script = _page_file("landing.css"), _page_file("landing.js")
    cards = [_card(model, prefix, docs, try_me, origin) for model in models]
    return Template(_page_file("landing.html")).substitute(
        policy=_content_security_policy(style, script),
        style=style,
        script=script,
        title=escape(title),
        version=escape(version),
        summary=_summary(models),
        pages=_links(_host_pages(prefix, docs, tensorboard, try_me)),
        cards="".join(cards) or '<p class="empty">No model is served here.</p>',
        endpoints=_links(_host_endpoints(prefix, docs)),
    )


@cache
def _page_file(name: str) -> str:
    return (_PAGES / name).read_text(encoding="utf-8")


def _content_security_policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _summary(models: Sequence[LandingModel]) -> str:
    ready = sum(model.status == "ready" for model in models)
    count = f"{len(models)} model{'' if len(models) == 1 else 's'}"
    return f"{count}, {ready} ready"


def _host_pages(prefix: str, docs: bool, tensorboard: bool, try_me: bool) -> list[tuple[str, str]]:
    pages = [("Try me", f"{prefix}/try-me/")] if try_me else []
    if docs:
        pages.append(("Swagger page", f"{prefix}/api"))
    if tensorboard:
        pages.append(("TensorBoard", f"{prefix}/tensorboard/"))
    return [*pages, ("Models (JSON)", f"{prefix}/v2/models/"), ("Ready?", f"{prefix}/readyz")]


def _host_endpoints(prefix: str, docs: bool) -> list[tuple[str, str]]:
    paths = ["/v2/", "/v2/models/", "/healthz", "/readyz"]
    if docs:
        paths += ["/swagger.json", "/openapi.json"]
    return [(prefix + path, prefix + path) for path in paths]


def _card(model: LandingModel, prefix: str, docs: bool, try_me: bool, origin: str) -> str:
    facts = (("Author", model.author), ("License", model.license), ("Version", model.version))
    return Template(_page_file("landing_card.html")).substitute(
        anchor=escape(f"model-{quote(model.name)}"),
        title=escape(str(model.title)),
        name=escape(model.name),
        kind=_STATUS_KINDS.get(model.status, "other"),
        status=escape(model.status),
        reason=_paragraph("reason", model.reason, _REASON_LIMIT),
        description=_paragraph("description", model.description, _DESCRIPTION_LIMIT),
        facts="".join(
            f"<div><dt>{label}</dt><dd>{escape(_shorten(value, 200))}</dd></div>"
            for label, value in facts
            if value
        ),
        links=_links(_model_links(model, prefix, docs, try_me)) + _author_links(model.links),
        example=_example(model, prefix, origin) if model.can_predict else "",
    )


def _paragraph(css_class: str, text: str | None, limit: int) -> str:
    return f'<p class="{css_class}">{escape(_shorten(text, limit))}</p>' if text else ""


def _shorten(text: object, limit: int) -> str:
    return textwrap.shorten(str(text), limit, placeholder=" …") or str(text)[:limit]


def _links(links: Sequence[tuple[str, str]]) -> str:
    return "".join(f'<li><a href="{escape(url)}">{escape(label)}</a></li>' for label, url in links)


def _model_links(
    model: LandingModel, prefix: str, docs: bool, try_me: bool
) -> list[tuple[str, str]]:
    path = f"{prefix}/v2/models/{quote(model.name, safe='')}/"
    links = []
    if try_me and (model.can_predict or model.can_train):
        links.append(("Try me", f"{prefix}/try-me/{quote(model.name, safe='')}/"))
    if docs and model.can_predict:
        links.append(("Try predict", _swagger_link(prefix, str(model.predict_operation))))
    if model.can_train:
        links.append(("Trainings (JSON)", f"{path}train/?order=newest&limit=100"))
    return [*links, ("Metadata (JSON)", path)]


def _swagger_link(prefix: str, operation: str) -> str:
    """The deep link to an operation, which Swagger UI makes from its tag and its id."""
    return f"{prefix}/api#/models/{quote(operation)}"


def _author_links(links: Sequence[tuple[str, str]]) -> str:
    return "".join(
        f'<li><a href="{escape(url)}" rel="noopener noreferrer nofollow">{escape(label)}</a></li>'
        if _leads_out(url)
        else f"<li>{escape(label)}: {escape(_shorten(url, 200))}</li>"
        for label, url in ((str(label), str(url)) for label, url in links)
    )


def _leads_out(url: str) -> bool:
    """Whether a URL is an ordinary absolute one; browsers skip blanks and controls, so none."""
    if not url.isprintable() or url != url.strip():
        return False
    try:
        return urlsplit(url).scheme.lower() in _LINK_SCHEMES
    except ValueError:
        return False


def _example(model: LandingModel, prefix: str, origin: str) -> str:
    query, rest = _curl_arguments(model.predict_parameters)
    path = f"{prefix}/v2/models/{quote(model.name, safe='')}/predict/{query}"
    # Both are percent-encoded, so the quotes around them hold.
    url = f"'<span data-origin>{escape(quote(origin, safe=':/[]'))}</span>{escape(path)}'"
    lines = [f"curl -X POST {url}", *(escape(line) for line in rest)]
    return Template(_page_file("landing_example.html")).substitute(
        title=escape(str(model.title)), command=" \\\n  ".join(lines)
    )


def _curl_arguments(parameters: Sequence[_Parameter]) -> tuple[str, list[str]]:
    """Return what the shortest useful call needs: the query string and curl's other arguments.

    These are the required parameters or, where none is, the first file. Every argument is quoted
    for the shell.
    """
    chosen = [p for p in parameters if p.get("required") is True or p["in"] == "body"]
    if not chosen:
        chosen = [p for p in parameters if _is_file(p)][:1]
    query: list[tuple[str, str]] = []
    form: list[str] = []
    headers: list[str] = []
    body: dict[str, Any] = {}
    for parameter in chosen:
        name, place = str(parameter["name"]), parameter["in"]
        if place == "body":
            body.update(_required_members(parameter.get("schema", {})))
        elif _is_file(parameter):
            form.append(f"-F {shlex.quote(f'{name}=@path/to/file')}")
        elif "$ref" in parameter or parameter.get("type") == "object":
            body[name] = _value(parameter)
        elif place == "query":
            query += [(name, text) for text in _texts(parameter)]
        elif place == "formData":
            form += [f"--form-string {shlex.quote(f'{name}={t}')}" for t in _texts(parameter)]
        elif place == "header" and name.lower() != "accept":
            headers += [f"-H {shlex.quote(f'{name}: {t}')}" for t in _texts(parameter)]
    if body and not form:
        headers.append("-H 'Content-Type: application/json'")
        form = [f"-d {shlex.quote(json.dumps(body))}"]
    return f"?{urlencode(query)}" if query else "", headers + form


def _is_file(parameter: _Parameter) -> bool:
    items = parameter.get("items")
    return parameter.get("type") == "file" or (
        isinstance(items, Mapping) and items.get("type") == "file"
    )


def _required_members(schema: _Parameter) -> dict[str, Any]:
    members = schema.get("properties", {})
    return {name: _value(members[name]) for name in schema.get("required", []) if name in members}


def _texts(parameter: _Parameter) -> list[str]:
    value = _value(parameter)
    values = value if isinstance(value, list) else [value]
    return [v if isinstance(v, str) else json.dumps(v) for v in values]


def _value(schema: _Parameter) -> Any:
    """A value that the schema allows, as far as it can be guessed."""
    if schema.get("default") is not None:
        return schema["default"]
    for choice in schema.get("enum") or ():
        return choice
    if schema.get("type") == "array":
        return [_value(schema.get("items") or {})]
    if "minimum" in schema:
        return schema["minimum"]
    if "$ref" in schema:
        return {}
    return _VALUES_BY_FORMAT.get(
        schema.get("format", ""), _VALUES_BY_TYPE.get(schema.get("type", ""), "text")
    )
