"""Builds the host from its parts: options, models, workers, protocols, the HTTP application."""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
import resource
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web
from aiohttp.typedefs import Middleware

from deepaas import doors
from deepaas.api_documents import ApiDocuments
from deepaas.errors import ConfigError
from deepaas.executor import Executor, NoExecutor, Source
from deepaas.front import Front, in_order
from deepaas.logs import RecentLog
from deepaas.masks import Masks
from deepaas.messages import Batching
from deepaas.model.batches import batches
from deepaas.model.discovery import FoundModel
from deepaas.model.registry import Registry
from deepaas.notes import Notes
from deepaas.origins import Visitors
from deepaas.protocols.door import Host
from deepaas.resources.cores import usable_cores
from deepaas.resources.devices import VISIBLE, Devices, visible_gpus
from deepaas.resources.gpu_use import GpuUse
from deepaas.resources.gpu_wishes import gpus_of
from deepaas.resources.gpus import NoGpus, list_gpus
from deepaas.resources.replicas import workers_of
from deepaas.resources.shares import Shares
from deepaas.scrape import setup as scrape
from deepaas.settings import Settings
from deepaas.training.numbers import TrainingNumbers
from deepaas.training.retention import Retention, parse_keep
from deepaas.training.run_trace import RunSpans
from deepaas.training.scheduler import Scheduler, TrainingLimits, no_variables
from deepaas.training.service import Trainings
from deepaas.training.state_directory import StateDirectory, default_directory
from deepaas.training.tensorboard import TensorBoard
from deepaas.web import forwarded, health, swagger_ui, try_me
from deepaas.web import tensorboard as tensorboard_pages
from deepaas.web.addresses import ListenAddress
from deepaas.web.doors_here import only_doors_here
from deepaas.web.errors import MASKS, NOTES, SHAPES, ErrorShapes
from deepaas.web.facts import FACTS, FactFinder
from deepaas.web.health import Drain
from deepaas.web.observers import OBSERVERS, Observer
from deepaas.web.origins import check_visitors
from deepaas.web.page_security import protect
from deepaas.web.serving import serving
from deepaas.web.site_pages import SITE, site_pages
from deepaas.web.slashes import normalize_paths
from deepaas.web.turns import take_turns
from deepaas.web.uploads import Uploads
from deepaas.workers.numbers import PoolNumbers
from deepaas.workers.out_of_memory import OutOfMemoryKills
from deepaas.workers.pool import Pool
from deepaas.workers.status import PoolLimits
from deepaas.workers.try_me import TryMe

if TYPE_CHECKING:
    from deepaas.tracing.spans import SpanSender
    from deepaas.training.store import Store
    from deepaas.web.limiter import CallLimits
    from deepaas.web.login import Login
    from deepaas.web.on_behalf import OnBehalf

_log = logging.getLogger(__name__)

DOORS: web.AppKey[Sequence[doors.OpenDoor]] = web.AppKey("deepaas_doors", list)

FRONT: web.AppKey[Front] = web.AppKey("deepaas_front", Front)


def build_masks(settings: Settings, folder: Path) -> Masks:
    state = Path(settings.state_dir).expanduser() if settings.state_dir else None
    return Masks([folder, state or default_directory(os.environ)])


def build_shares(
    settings: Settings, models: Sequence[FoundModel], environment: Mapping[str, str]
) -> Shares:
    """What each model gets of the machine. Raises ``ConfigError``."""
    names = [found.name for found in models]
    replicas = workers_of(settings.workers, names)
    wishes = gpus_of(settings.gpus, names)
    devices = None
    if wishes:
        try:
            gpus = visible_gpus(list_gpus(), environment.get(VISIBLE))
        except NoGpus as error:
            raise ConfigError(f"--gpus: {error}") from None
        devices = Devices(wishes, {name: one.most for name, one in replicas.items()}, gpus)
    return Shares(replicas, settings.train_workers, usable_cores(), environment, devices)


def build_registry(
    settings: Settings,
    models: Sequence[FoundModel],
    folder: Path,
    executor: Executor,
    shares: Shares,
) -> Registry:
    def limits(model: str) -> PoolLimits:
        return PoolLimits(
            workers_count=shares.replicas(model).least,
            queue_size=settings.queue_size,
            predict_seconds=settings.predict_timeout,
            warm_seconds=settings.warm_timeout,
            cancel_grace_seconds=settings.cancel_grace,
            queue_seconds=settings.queue_timeout,
            most_workers_count=shares.replicas(model).most,
            scale_down_seconds=settings.scale_down_after,
        )

    kills = OutOfMemoryKills()
    joined = batches(settings.batch, [found.name for found in models])
    return Registry(
        [
            Pool(
                executor,
                source(settings, found, joined.get(found.name)),
                limits(found.name),
                folder / "results" / str(number),
                numbers=PoolNumbers(kills) if settings.metrics else None,
                variables=partial(shares.of_worker, found.name),
            )
            for number, found in enumerate(models)
        ],
        settings.check_timeout,
        build_masks(settings, folder),
        GpuUse(shares),
    )


def source(settings: Settings, found: FoundModel, batch: Batching | None = None) -> Source:
    return Source(
        found.name,
        found.kind,
        found.source,
        settings.warm,
        settings.reload,
        found.interpreter,
        # The host raises its own limit later; models keep the original one.
        resource.getrlimit(resource.RLIMIT_NOFILE),
        batch,
    )


def build_trainings(
    settings: Settings,
    models: Sequence[FoundModel],
    folder: Path,
    host_mark: str,
    executor: Executor,
    shares: Shares | None = None,
    sender: SpanSender | None = None,
) -> Trainings:
    """The training runs, not yet started; ``host_mark`` is the prefix of all process marks.

    ``sender`` gets their spans.
    """
    directory = _state_directory(settings, folder)
    spans = RunSpans(sender, directory)
    keep = parse_keep(settings.keep_runs)
    numbers = TrainingNumbers()
    limits = TrainingLimits(
        workers_count=settings.train_workers,
        grace_seconds=settings.cancel_grace,
        load_seconds=settings.warm_timeout,
    )

    def make_scheduler(store: Store) -> Scheduler:
        return Scheduler(
            store,
            directory,
            {found.name: source(settings, found) for found in models},
            limits,
            Retention(store, directory, keep),
            host_mark,
            executor,
            build_masks(settings, folder),
            numbers,
            no_variables if shares is None else shares.of_training,
            spans,
        )

    url = settings.database_url or f"sqlite+aiosqlite:///{directory.database}"
    return Trainings(
        lambda: open_store(url),
        directory,
        make_scheduler,
        settings.train_queue_size,
        settings.cancel_grace,
        TensorBoard(
            directory.tensorboard,
            folder / "tensorboard",
            f"{settings.base_path}/tensorboard",
            f"{host_mark}:tensorboard:",
        ),
        host_mark,
        numbers,
        spans,
    )


def build_try_me(settings: Settings, folder: Path, host_mark: str) -> TryMe:
    return TryMe(
        folder / "try-me",
        settings.base_path,
        try_me.PATH,
        settings.client_max_size,
        f"{host_mark}:try-me:",
    )


def build_visitors(
    settings: Settings, listening: Iterable[ListenAddress]
) -> dict[ListenAddress, Visitors]:
    """Those of each listener: a name that is safe on one may not be safe on another."""
    made: dict[str | None, Visitors] = {}
    try:
        for ip in {one.visible_ip for one in listening}:
            made[ip] = Visitors(ip, settings.allowed_host, settings.allowed_origin)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    return {one: made[one.visible_ip] for one in listening}


def _state_directory(settings: Settings, folder: Path) -> StateDirectory:
    """The state directory, or a temporary one if there is none."""
    if not settings.train_endpoint:
        return StateDirectory(folder / "state")  # Unused: training is disabled.
    if settings.state_dir:
        return StateDirectory(Path(settings.state_dir).expanduser())
    try:
        return StateDirectory(default_directory(os.environ))
    except ConfigError as error:
        _log.warning("%s; training runs are lost when this host exits", error)
        return StateDirectory(folder / "state")


async def open_store(url: str) -> Store:
    """Open the store; ConfigError for a wrong URL, StoreUnavailable without its database."""
    # In a thread, while the models load: importing SQLAlchemy takes longer than the host.
    module = await asyncio.to_thread(importlib.import_module, "deepaas.training.store")
    store: Store = await module.Store.open(url)
    return store


def look_at_doors(settings: Settings, folder: Path) -> list[doors.OpenDoor | doors.ClosedDoor]:
    """All installed doors, for inspection only: without models, and nothing is started."""
    settings = replace(settings, state_dir=str(folder / "state"), root_protocol=())
    registry = Registry([], settings.check_timeout)

    async def home(_request: web.Request) -> web.StreamResponse:
        raise web.HTTPNotFound

    host = Host(
        prefix=settings.base_path,
        registry=registry,
        uploads=Uploads(folder / "uploads", settings.client_max_size),
        settings=settings,
        recent_log=None,
        trainings=build_trainings(settings, [], folder, "a-look", NoExecutor()),
        home=home,
        masks=build_masks(settings, folder),
        drain=Drain(),
    )
    return list(doors.tried(host))


def build_app(
    settings: Settings,
    registry: Registry,
    folder: Path,
    drain: Drain,
    trainings: Trainings,
    page: TryMe,
    visitors: Mapping[ListenAddress, Visitors],
    notes: Notes,
    recent_log: RecentLog | None = None,
    access: Middleware | None = None,
    limits: CallLimits | None = None,
    login: Login | None = None,
    behalf: OnBehalf | None = None,
    *,
    has_traces: bool = False,
) -> web.Application:
    """``access`` checks keys; None if everybody may do everything."""
    parts = [
        serving(drain),
        check_visitors(visitors),
        access,
        only_doors_here(visitors, settings.base_path),
        None if limits is None else limits.check,
        take_turns,
        normalize_paths(settings.base_path),
    ]
    app = web.Application(middlewares=[part for part in parts if part is not None])
    tellers = [part.tell for part in (limits, login) if part is not None]
    protect(app, next(iter(visitors.values())), tellers)
    forwarded.setup(app, settings.trusted_proxy)
    app[NOTES] = notes
    shapes = app[SHAPES] = ErrorShapes()
    facts = app[FACTS] = FactFinder(registry)
    if limits is not None:
        limits.setup(app)
    observers: list[Observer] = []
    app[OBSERVERS] = observers
    prefix = settings.base_path
    masks = app[MASKS] = build_masks(settings, folder)
    site = app[SITE] = site_pages(
        prefix,
        try_me=settings.ui and page.installed,
        swagger=settings.doc_endpoint,
        tensorboard=settings.train_endpoint and trainings.tensorboard.installed,
    )
    front = app[FRONT] = Front(settings, registry, site.others)
    uploads = Uploads(folder / "uploads", settings.client_max_size)
    host = Host(
        prefix=prefix,
        registry=registry,
        uploads=uploads,
        settings=settings,
        recent_log=recent_log,
        trainings=trainings,
        home=front.home,
        masks=masks,
        drain=drain,
    )
    opened = doors.open_all(host)
    app[DOORS] = opened
    front.doors = in_order(opened)
    documents = ApiDocuments(prefix, registry, front.doors)
    doors.add(app, opened, shapes, facts)
    app.add_routes([*front.routes(), *documents.routes()])
    if login is not None:
        app.add_routes(login.routes())
    if settings.train_endpoint:
        tensorboard_pages.setup(app, prefix=prefix, tensorboard=trainings.tensorboard)
    if settings.ui:
        front.expect_visitor = try_me.setup(
            app,
            prefix=prefix,
            page=page,
            socket=page.socket,
            client_max_size=settings.client_max_size,
            added=None if behalf is None else behalf.headers,
        )
    else:
        try_me.setup_disabled(app, prefix=prefix)
    health.setup(
        app,
        prefix=prefix,
        registry=registry,
        drain=drain,
        trainings_status=(lambda: trainings.status) if settings.train_endpoint else None,
    )
    if settings.metrics:
        scrape.setup(
            app,
            prefix=prefix,
            registry=registry,
            drain=drain,
            uploads=uploads,
            trainings=trainings if settings.train_endpoint else None,
            doors=[each.door.metrics for each in opened],
            here=not settings.metrics_listen,
            has_keys=access is not None,
            has_traces=has_traces,
        )
    if settings.doc_endpoint and documents.list():
        swagger_ui.setup(
            app,
            prefix=prefix,
            documents=documents.list(),
            title="DEEPaaS",
            folder=folder / "swagger",
        )
    return app
