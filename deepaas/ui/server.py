"""The application: all models at ``ROOT/``, one page per model at ``ROOT/{model}/``.

Pages are created at the first visit, and again if the description of the model changes.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import math
import socket
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from urllib.parse import quote

import gradio
import uvicorn
from fastapi import FastAPI
from gradio.utils import get_upload_folder
from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from deepaas.client.api import Api
from deepaas.client.description import Model
from deepaas.client.errors import ClientError
from deepaas.origins import Visitors
from deepaas.site import BRAND, header
from deepaas.ui.bodies import Functions
from deepaas.ui.files import VisitorFiles
from deepaas.ui.gate import Gate
from deepaas.ui.head import Header, answer_with_head, forwarded
from deepaas.ui.leaving import CLOSE_SECONDS, HEARTBEAT, LAST_WORDS_SECONDS, Answers, Server
from deepaas.ui.look import theme
from deepaas.ui.origin_guard import OriginGuard
from deepaas.ui.other_doors import HostAround, look_around
from deepaas.ui.overview import Catalogue, notice, overview, read_reasons
from deepaas.ui.page import build_page
from deepaas.ui.patience import patient
from deepaas.ui.standing import standing
from deepaas.ui.visitors import ANYBODY, VISITOR, VisitorApi, current, visitor_of

_log = logging.getLogger(__name__)

KNOWN_COUNT = 100
"""For so many visitors with different rights."""

KNOWN_SECONDS = 2.0
"""How long the list of models is cached."""

LOADING_SECONDS = 3
NO_ENDPOINTS = {
    "version": gradio.__version__,
    "protocol": "sse_v3",
    "api_prefix": "/gradio_api",
    "connect_heartbeat": False,
    "dependencies": [],
}
"""The minimum that ``gradio_client`` accepts as a page, so that it continues."""

KEEP_ALIVE_SECONDS = 75
"""Longer than proxies keep idle connections, so that the proxy closes them."""

QUEUE_SECONDS = 0.05
"""How often a page looks for calls. Gradio's default, a thousand times a second, takes 2.5 %
of a processor for each visited model."""

CONFIG, INFO, PROGRAMS = "/config", "/gradio_api/info", "/gradio_api/"
"""The first and second request of ``gradio_client``, and the path prefix of all later ones."""

_Kind = tuple[str, bool, bool]
"""The model of a page, and whether its visitors may predict and train."""

_ENTRANCES = ("", "/", CONFIG, INFO)
"""First paths that browsers and ``gradio_client`` request."""


def serve(
    listening: socket.socket,
    *,
    api_url: str,
    api_socket: Path | None,
    public_url: str | None,
    root: str,
    max_file_bytes: int | None,
    visitors: Visitors,
    believes: Callable[[str | None], bool],
    header_seconds: float,
    body_seconds: float,
    on_start: Callable[[], None],
) -> None:
    """Serve until a signal arrives.

    Args:
        public_url: URL of the host for users, may be a path or empty; None if it is the same as
            for the page.
        root: prefix of all paths, empty or like ``/base/try-me``.
        max_file_bytes: maximum size of an uploaded file, None for no limit.
        believes: whether the forwarding headers of a peer are trusted.
        header_seconds: time limit for the headers of a request.
        body_seconds: time limit for the next part of a request body.
        on_start: called when the server is ready.
    """
    api = VisitorApi(api_url, unix_socket=api_socket, public_url=public_url)
    app = build(api, root, max_file_bytes=max_file_bytes, believes=believes, on_start=on_start)
    answers = Answers(OriginGuard(app, visitors, believes))
    config = uvicorn.Config(
        answers,
        access_log=False,
        http=patient(header_seconds, body_seconds),
        log_level="warning",
        timeout_graceful_shutdown=math.ceil(LAST_WORDS_SECONDS + CLOSE_SECONDS),
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        # Gradio reads the headers of proxies itself.
        proxy_headers=False,
        ws="none",
    )
    listening.listen(config.backlog)
    Server(config, answers).run([listening])


def build(
    api: Api,
    root: str = "",
    *,
    max_file_bytes: int | None = None,
    believes: Callable[[str | None], bool] = lambda _peer: False,
    on_start: Callable[[], None] = lambda: None,
) -> Starlette:
    """Build the application; it closes ``api`` at its end."""
    pages = _Pages(api, root, max_file_bytes, believes)

    async def models(request: Request) -> Response:
        pages.meet(request.scope)
        try:
            catalogue = await pages.catalogue()
        except ClientError as error:
            return pages.unreachable(error)
        if len(catalogue.names) == 1:
            return RedirectResponse(f"./{quote(catalogue.names[0], safe='')}/", 302)
        return overview(catalogue, pages.header(catalogue))

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        on_start()
        sweeping = asyncio.ensure_future(pages.files.watch())
        yield
        sweeping.cancel()
        await asyncio.wait((sweeping,))
        await pages.close()
        await api.close()

    return Starlette(
        routes=[
            Route(f"{root}/", models),
            Mount(root, pages),
        ],
        lifespan=lifespan,
    )


class _Pages:
    def __init__(
        self,
        api: Api,
        root: str,
        max_file_bytes: int | None,
        believes: Callable[[str | None], bool],
    ) -> None:
        self._api = api
        self._believes = believes
        self._root = root
        self._max_file_bytes = max_file_bytes
        self.files = VisitorFiles(Path(get_upload_folder()))
        self._pages: dict[_Kind, _Page] = {}
        self._known: OrderedDict[object, tuple[float, Catalogue]] = OrderedDict()
        self._asking = asyncio.Lock()
        self._making = asyncio.Lock()

    async def catalogue(self) -> Catalogue:
        """Return the models of the host, cached for a short time. Raises ``ClientError``."""
        visitor = current()
        async with self._asking:
            known_at, known = self._known.get(visitor.known_as, (-math.inf, None))
            if known is None or time.monotonic() - known_at > KNOWN_SECONDS:
                models, metadata, around = await asyncio.gather(
                    self._api.models(), self._api.get_json("/v2/models/"), look_around(self._api)
                )
                by_name = {model.name: visitor.part(model) for model in models}
                known = Catalogue(by_name, read_reasons(metadata), around)
                self._known[visitor.known_as] = time.monotonic(), known
                if len(self._known) > KNOWN_COUNT:
                    self._known.popitem(last=False)
            return known

    def meet(self, scope: Scope) -> None:
        """Note who sends a request; only the host can say that."""
        believed = self._believes(scope["client"][0] if scope.get("client") else None)
        VISITOR.set(visitor_of(scope["headers"]) if believed else ANYBODY)

    async def close(self) -> None:
        await asyncio.gather(*(page.close() for page in self._pages.values()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.meet(scope)
        path = scope["path"].removeprefix(scope["root_path"])
        name, slash, tail = path.removeprefix("/").partition("/")
        tail = slash + tail
        answer: Response | None = None
        page: _Page | None = None
        if path == CONFIG or path.startswith(PROGRAMS):
            tail = path
            page, answer = await self._only_page(scope, tail)
        elif not slash:
            answer = RedirectResponse(f"./{quote(name, safe='')}/", 307)
        else:
            page, answer = await self._page(name, fresh=tail in _ENTRANCES)
        if page is None:
            assert answer is not None
            await answer(scope, receive, send)
            return
        above = await self._standing(page) if tail == "/" else ""
        scope = {**scope, "headers": self._headers(scope)}
        await page.answer(scope, receive, send, tail, above)

    async def _standing(self, page: _Page) -> str:
        try:
            catalogue: Catalogue | None = await self.catalogue()
        except ClientError:
            catalogue = None
        several = catalogue is not None and len(catalogue.names) > 1
        return standing(page.shows, self.header(catalogue), several=several)

    async def _only_page(self, scope: Scope, path: str) -> tuple[_Page | None, Response | None]:
        """Return the only page, or for several models their URLs, for programs without a model."""
        try:
            names = (await self.catalogue()).names
        except ClientError as error:
            return None, self.unreachable(error)
        if len(names) == 1:
            return await self._page(names[0], fresh=path in _ENTRANCES)
        if path == CONFIG:
            return None, JSONResponse(NO_ENDPOINTS)
        request = Request({**scope, "headers": self._headers(scope)})
        host = request.headers.get("x-forwarded-host") or request.url.netloc
        scheme = request.headers.get("x-forwarded-proto") or request.url.scheme
        root = f"{scheme}://{host}{self._root}"
        pages = ", ".join(f"{root}/{quote(name, safe='')}/" for name in names)
        # `gradio_client` quotes this in its exception.
        return None, PlainTextResponse(f"Each model has its own page: {pages or 'none'}", 404)

    def _headers(self, scope: Scope) -> list[Header]:
        peer = scope["client"][0] if scope.get("client") else None
        return forwarded(scope["headers"], believed=self._believes(peer))

    async def _page(self, name: str, *, fresh: bool) -> tuple[_Page | None, Response | None]:
        """Return the page of a model, or another response."""
        visitor = current()
        kind = name, visitor.may("predict", name), visitor.may("train", name)
        page = self._pages.get(kind) if visitor.may("read", name) else None
        if page is not None and not fresh:
            return page, None
        try:
            catalogue = await self.catalogue()
        except ClientError as error:
            return (page, None) if page is not None else (None, self.unreachable(error))
        model = catalogue.models.get(name)
        if model is None:
            return None, self._missing(catalogue, name)
        try:
            return await self._made(kind, model, catalogue.around), None
        except Exception:
            # An invalid description of a model must not affect other pages.
            _log.exception("Could not create the page of %s", name)
            message = "Could not create this page. See the log."
            return None, notice(self.header(catalogue), model.title, message, 500)

    def header(self, catalogue: Catalogue | None) -> str:
        """Return the header of all pages as HTML."""
        url, around = self._api.public_url, catalogue.around if catalogue else HostAround({})
        return header(f"{url}/", around.links(url, self._root), current().account(url))

    def _missing(self, catalogue: Catalogue, name: str) -> Response:
        head = self.header(catalogue)
        if reason := catalogue.reasons.get(name):
            return notice(head, name, reason, 503, LOADING_SECONDS)
        return notice(head, "Not found", f"Model {name!r} not found.", 404)

    def unreachable(self, error: ClientError) -> Response:
        _, known = self._known.get(current().known_as, (0.0, None))
        head = self.header(known)
        return notice(head, "Could not connect to the host", error.message, 502, LOADING_SECONDS)

    async def _made(self, kind: _Kind, model: Model, around: HostAround) -> _Page:
        async with self._making:
            page = self._pages.get(kind)
            if page is not None and page.shows == model:
                return page
            root = f"{self._root}/{quote(model.name, safe='')}"
            blocks = build_page(model, self._api, others=around.calls(model.name))
            made = await _Page.open(blocks, model, root, self.files, self._max_file_bytes)
            self._pages[kind] = made
            if page is not None:
                page.retire()
            return made


class _Page:
    """The page of one model, created from the description in ``shows``."""

    def __init__(self, shows: Model, app: FastAPI, gate: Gate, root: str) -> None:
        self.shows = shows
        self._app = app
        self._gate = gate
        self._root = root
        self._begun = asyncio.Event()
        self._over = asyncio.Event()
        self._requests_count = 0
        self._retired = False
        self._life = asyncio.ensure_future(self._live())

    @classmethod
    async def open(
        cls,
        blocks: gradio.Blocks,
        shows: Model,
        root: str,
        files: VisitorFiles,
        max_file_bytes: int | None,
    ) -> _Page:
        app = FastAPI(openapi_url=None)
        # Without origins, this blocks scripts of other sites, and Gradio does not add its own.
        app.add_middleware(CORSMiddleware)
        gradio.mount_gradio_app(
            app,
            blocks,
            "",
            root_path=root,
            theme=theme(),
            max_file_size=max_file_bytes,
            footer_links=[],
            run_history=False,
            mcp_server=False,
            ssr_mode=False,
            enable_monitoring=False,
            show_error=True,
        )
        # Gradio only handles paths if it has been launched.
        blocks.has_launched = True
        blocks.app.uploaded_file_dir = str(files.incoming)
        blocks._queue.sleep_when_free = QUEUE_SECONDS
        blocks._queue.progress_update_sleep_when_free = QUEUE_SECONDS
        config = blocks.config
        files.keep(files.mask(json.dumps(config, default=str).encode()).decode())
        gate = Gate(app, Functions(config, files), files, max_file_bytes)
        page = cls(shows, app, gate, root)
        begun = asyncio.ensure_future(page._begun.wait())
        await asyncio.wait((begun, page._life), return_when=asyncio.FIRST_COMPLETED)
        if not begun.done():
            begun.cancel()
            page._life.result()
        return page

    async def answer(
        self, scope: Scope, receive: Receive, send: Send, tail: str, above: str
    ) -> None:
        """Answer a request; ``tail`` is the path below the page, ``above`` HTML for its start."""
        # Gradio's root is percent-encoded, and must be the start of the path.
        scope = {**scope, "root_path": self._root, "path": f"{self._root}{tail}"}
        # Heartbeats never end.
        counts = HEARTBEAT not in tail
        self._requests_count += counts
        try:
            if tail == "/" and scope.get("method") == "GET":
                title = f"{self.shows.title} – {BRAND}"
                await answer_with_head(self._root_of, title, above, scope, receive, send)
            else:
                await self._gate(scope, receive, send, tail)
        finally:
            self._requests_count -= counts
            self._end_if_unused()

    async def _root_of(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._gate(scope, receive, send, "/")

    def retire(self) -> None:
        """End the page after its last request."""
        self._retired = True
        self._end_if_unused()

    async def close(self) -> None:
        self._over.set()
        await self._life

    def _end_if_unused(self) -> None:
        if self._retired and not self._requests_count:
            self._over.set()

    async def _live(self) -> None:
        # One task for start and end: what Gradio opens here belongs to the task.
        async with self._app.router.lifespan_context(self._app):
            self._begun.set()
            await self._over.wait()
