"""One module or package per HTTP dialect.

A protocol is a function ``setup(host)`` behind an entry point of the group
``deepaas.protocol``. It adds routes to ``host.app`` that translate between its dialect and
:class:`deepaas.model.handle.Model`; it raises the errors of :mod:`deepaas.errors` and leaves
their form to the middleware. Protocols do not import each other.
"""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from deepaas.logs import RecentLog
from deepaas.masks import Masks
from deepaas.model.registry import Registry
from deepaas.settings import Settings
from deepaas.training.service import Trainings
from deepaas.web.uploads import Uploads


@dataclass(frozen=True)
class Host:
    """What a protocol is given.

    Attributes:
        app: where its routes go.
        prefix: the base path before every route, empty or like ``/base``.
        registry: the models.
        uploads: reads requests.
        settings: the operator's options.
        recent_log: the end of the log, if everyone may see it.
        trainings: the trainings.
        try_me: whether the try-me page is served.
        masks: takes the host's own paths out of texts.
    """

    app: web.Application
    prefix: str
    registry: Registry
    uploads: Uploads
    settings: Settings
    recent_log: RecentLog | None
    trainings: Trainings
    try_me: bool
    masks: Masks
