"""TensorBoard behind this host's own port, at ``/tensorboard/``."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Protocol
from urllib.parse import quote

from aiohttp import hdrs, web

from deepaas.access.needs import Reach, needs
from deepaas.access.principal import Right
from deepaas.browsers import wants_page
from deepaas.errors import ExtraMissing, UpstreamFailed
from deepaas.origins import CHECKED_HEADERS
from deepaas.web.notice import error_page
from deepaas.web.proxy import CREDENTIALS, Proxy

PATH = "/tensorboard"

_FONTS = "/font-roboto/{name:[^/]+[.]woff2}"
"""TensorBoard requests its fonts below the root, whatever its ``path_prefix`` is."""

_METHODS = (hdrs.METH_GET, hdrs.METH_HEAD, hdrs.METH_POST)


class TensorBoardProcess(Protocol):
    async def address(self) -> str:
        """``http://HOST:PORT/WORD``; starts it if necessary. Raises ``DeepaasError``."""


def setup(app: web.Application, *, prefix: str, tensorboard: TensorBoardProcess) -> None:
    """TensorBoard must serve everything below ``{prefix}/tensorboard``."""
    hidden = CREDENTIALS | CHECKED_HEADERS  # The host has checked the sender.
    proxy = Proxy(tensorboard.address, name="TensorBoard", hidden=hidden)

    async def connections(_app: web.Application) -> AsyncIterator[None]:
        yield
        await proxy.close()

    @needs(Right.TRAIN, Reach.ALL)
    async def to_folder(request: web.Request) -> web.Response:
        # Relative, so that it also works if a proxy serves this host below a path.
        query = request.rel_url.raw_query_string
        location = f".{PATH}/{'?' if query else ''}{query}"
        return web.Response(status=302, headers={hdrs.LOCATION: location})

    @needs(Right.TRAIN, Reach.ALL)
    async def forward(request: web.Request) -> web.StreamResponse:
        try:
            return await proxy.forward(request, request.rel_url.raw_path)
        except (ExtraMissing, UpstreamFailed) as error:
            if wants_page(request.headers.get(hdrs.ACCEPT, "")):
                return error_page(request, "TensorBoard", error)
            raise

    @needs(Right.TRAIN, Reach.ALL)
    async def font(request: web.Request) -> web.StreamResponse:
        return await proxy.forward(request, f"{prefix}{PATH}{request.rel_url.raw_path}")

    app.cleanup_ctx.append(connections)
    app.router.add_get(_FONTS, font)
    app.router.add_get(f"{prefix}{PATH}", to_folder)
    for method in _METHODS:
        app.router.add_route(method, f"{prefix}{PATH}/{{tail:.*}}", forward)


def link(prefix: str, label: str) -> str:
    """The path of the page for one run, by its folder in TensorBoard's ``logdir``."""
    # TensorBoard names a run after its folder: LABEL, or LABEL/train. The filter is a regular
    # expression of JavaScript.
    only = re.sub(r"[\\^$.*+?()\[\]{}|]", r"\\\g<0>", label)
    return f"{prefix}{PATH}/?runFilter={quote(f'^{only}(/|$)', safe='')}#timeseries"
