"""The Swagger page: a current Swagger UI, with a choice of documents if there are several.

Its files are from the package ``flask-swagger-ui``, which follows the releases of Swagger UI. It is
never imported, because it imports Flask. All URLs of the page are relative, so it also works if a
reverse proxy serves the host below a path.
"""

from __future__ import annotations

import asyncio
import functools
import gzip
import hashlib
import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from importlib.util import find_spec
from pathlib import Path
from string import Template
from urllib.parse import urlencode

from aiohttp import web

from deepaas.access.needs import Reach, needs
from deepaas.access.principal import Right
from deepaas.site import ICON, STYLE, header
from deepaas.web.site_pages import SWAGGER, of_page

_PAGES = Path(__file__).parent / "pages"
_STATIC = "static/swagger"
_OTHER_NAMES = ("docs", "swagger", "ui")
"""Other usual paths: of FastAPI, Swagger UI and DEEPaaS 2.x."""

CHOICE = "document"
"""The query parameter of the page that chooses the document."""

_DIST_FILES = ("swagger-ui.css", "swagger-ui-bundle.js")

# Swagger UI uses blob: URLs for pictures and sounds, and data: URLs for its icons.
_CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
_PAGE_HEADERS = {
    "Content-Security-Policy": _CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
_UNCHANGED = "public, max-age=31536000, immutable"
"""For files whose URL contains their version: after an update the page requests another URL."""


@dataclass(frozen=True)
class ApiDocument:
    """A document that can be shown: ``name`` is for the query, ``path`` is absolute."""

    name: str
    title: str
    path: str


def setup(
    app: web.Application,
    *,
    prefix: str,
    documents: Sequence[ApiDocument],
    title: str,
    folder: Path,
) -> None:
    """Add the Swagger page at ``{prefix}/api``, which shows the first document at first.

    ``folder`` is made here, for packed files.
    """
    page_path = f"{prefix}{SWAGGER}"
    files = _files()
    folder.mkdir()
    packing = asyncio.Lock()

    @needs(Right.READ, Reach.SEEN, document=True)
    async def show_page(request: web.Request) -> web.Response:
        name = request.query.get(CHOICE, "")
        chosen = next((one for one in documents if one.name == name), documents[0])
        return page(request, prefix=prefix, title=title, chosen=chosen, documents=documents)

    @needs(Right.READ, Reach.SEEN, document=True)
    async def send_file(request: web.Request) -> web.FileResponse:
        name = request.match_info["name"]
        path = files.get(name)
        if path is None:
            raise web.HTTPNotFound
        async with packing:
            link = await asyncio.to_thread(_packed, path, folder / name)
        asked_for = request.query_string == version()
        return web.FileResponse(
            link, headers={"Cache-Control": _UNCHANGED if asked_for else "no-cache"}
        )

    @needs(Right.READ, Reach.SEEN, document=True)
    async def to_page(_request: web.Request) -> web.Response:
        raise web.HTTPFound(page_path)

    app.router.add_get(page_path, show_page)
    app.router.add_get(f"{prefix}/{_STATIC}/{{name}}", send_file)
    app.router.add_get(f"{page_path}/", to_page)
    for name in _OTHER_NAMES:
        for end in ("", "/"):
            app.router.add_get(f"{prefix}/{name}{end}", to_page)


def page(
    request: web.Request,
    *,
    prefix: str,
    title: str,
    chosen: ApiDocument,
    documents: Sequence[ApiDocument] = (),
) -> web.Response:
    """A page that shows a document; the files that it needs are those of :func:`setup`."""
    here = posixpath.dirname(request.path)

    def relative(path: str) -> str:
        return posixpath.relpath(path, here) + ("/" if path.endswith("/") else "")

    site = of_page(request, request.path)
    links = [replace(one, url=relative(one.url)) for one in site.others]
    listed = "".join(_choice(one, chosen) for one in documents) if len(documents) > 1 else ""
    text = _template().substitute(
        title=escape(title),
        icon=ICON,
        header=header(relative(site.home), links, site.account),
        document=escape(chosen.title),
        choice=f'<nav class="choice" aria-label="APIs"><ul>{listed}</ul></nav>' if listed else "",
        static=escape(relative(f"{prefix}/{_STATIC}")),
        version=version(),
        spec=escape(relative(chosen.path)),
    )
    return web.Response(text=text, content_type="text/html", headers=_PAGE_HEADERS)


@functools.cache
def version() -> str:
    """Of the files: another one with each update."""
    told = [(name, path.stat().st_size, path.stat().st_mtime_ns) for name, path in _files().items()]
    return hashlib.sha256(repr(told).encode()).hexdigest()[:12]


def _packed(path: Path, link: Path) -> Path:
    """The same file where a packed one lies beside it: aiohttp looks for that by its name."""
    if not link.is_symlink():
        with gzip.open(f"{link}.gz", "wb") as file:
            file.write(path.read_bytes())
        link.symlink_to(path)
    return link


def _choice(one: ApiDocument, chosen: ApiDocument) -> str:
    current = ' aria-current="page"' if one == chosen else ""
    query = escape(urlencode({CHOICE: one.name}))
    return f'<li><a href="?{query}"{current}>{escape(one.title)}</a></li>'


@functools.cache
def _template() -> Template:
    return Template((_PAGES / "swagger.html").read_text(encoding="utf-8"))


def _files() -> Mapping[str, Path]:
    """The files that are served, by name; others in these folders are not."""
    dist = _dist_folder()
    files = {name: dist / name for name in _DIST_FILES}
    files["site.css"] = STYLE
    files["page.css"] = _PAGES / "swagger.css"
    files["page.js"] = _PAGES / "swagger.js"
    missing = [str(path) for path in files.values() if not path.is_file()]
    if missing:
        raise FileNotFoundError(f"Files of the Swagger page are missing: {', '.join(missing)}")
    return files


def _dist_folder() -> Path:
    spec = find_spec("flask_swagger_ui")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("The Swagger page needs the package flask-swagger-ui")
    return Path(spec.submodule_search_locations[0]) / "dist"
