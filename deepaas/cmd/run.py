"""``deepaas-run``: serves models over HTTP until it is stopped."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import secrets
import signal
import sys
from collections.abc import Awaitable, Coroutine, Sequence
from typing import Any

import uvloop
from aiohttp import web

from deepaas import config, logs
from deepaas.access_summary import AccessSummary
from deepaas.app import (
    DOORS,
    FRONT,
    build_app,
    build_registry,
    build_shares,
    build_trainings,
    build_try_me,
    build_visitors,
)
from deepaas.cmd.access import open_access
from deepaas.cmd.addresses import addresses_of
from deepaas.cmd.certificate import certificate_of
from deepaas.cmd.greeting import greeting, short_greeting
from deepaas.cmd.hangup import on_hangup
from deepaas.cmd.init import leave_first_place
from deepaas.cmd.listening import Listeners, check_doors
from deepaas.cmd.supervisor import Supervisor
from deepaas.doors import OpenDoor, why_to_stay
from deepaas.errors import ConfigError
from deepaas.executor import Site, open_executor
from deepaas.guarding import build_keys, build_limits, build_login, build_on_behalf, share_limits
from deepaas.logs import RecentLog
from deepaas.model import discovery
from deepaas.model.batches import batches
from deepaas.model.discovery import FoundModel
from deepaas.model.reload import Reloader
from deepaas.notes import Notes
from deepaas.observing import build_access_log, build_traced_requests, build_tracing
from deepaas.outlet import replace_standard_streams
from deepaas.protocols.door import Link
from deepaas.reach import own_url
from deepaas.resources.shares import Shares
from deepaas.scrape.listener import serve_metrics
from deepaas.scrape.setup import SCRAPE
from deepaas.scratch import scratch
from deepaas.settings import Settings
from deepaas.warden import warden
from deepaas.web import try_me
from deepaas.web.addresses import ListenAddress
from deepaas.web.connection import ConnectionLimits, make_task
from deepaas.web.connections import Connections, fitting_count
from deepaas.web.errors import SHAPES
from deepaas.web.expectation import expecting
from deepaas.web.facts import FACTS
from deepaas.web.health import Drain
from deepaas.web.listener import raise_open_files
from deepaas.web.observers import OBSERVERS, Observers
from deepaas.web.request_details import details_from
from deepaas.web.request_id import in_context

_log = logging.getLogger("deepaas")

LAST_WORDS_SECONDS = 2.0
"""Time limit for sending the last responses when the host stops."""

LINGERING_SECONDS = 2.0
"""How long to receive the rest of an unused request body, so that its client reads the response."""


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command. The exit code is 0 after a signal, 1 if no model can be served."""
    leave_first_place()
    replace_standard_streams()
    given = sys.argv[1:] if argv is None else argv
    if "--check-config" in given:
        from deepaas.cmd.check_config import check_config

        sys.exit(check_config(given))
    form = config.given_early("log_format", given, os.environ)
    try:
        settings = config.load(given)
        form = settings.log_format
        recent = RecentLog() if settings.debug_endpoint else None
        logs.set_up(
            "DEBUG" if settings.debug else settings.log_level,
            settings.log_file,
            recent=recent,
            form=form,
        )
        for remark in config.remarks(os.environ, config.door_options()):
            _log.warning("%s", remark)
        models = discovery.choose(settings.model_name, settings.model_python)
        batches(settings.batch, [found.name for found in models])
        shares = build_shares(settings, models, os.environ)
        sys.exit(_run(_serve(settings, models, shares, recent)))
    except ConfigError as error:
        logs.last_words(f"deepaas-run: {error}", form)
        sys.exit(1)


def _run(serving: Coroutine[Any, Any, int]) -> int:
    loop = uvloop.new_event_loop()
    loop.set_task_factory(make_task)
    try:
        return loop.run_until_complete(serving)
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


async def _serve(
    settings: Settings, models: Sequence[FoundModel], shares: Shares, recent: RecentLog | None
) -> int:
    """Serve until a signal arrives; a second one stops running calls."""
    stop, hurry = asyncio.Event(), asyncio.Event()

    def on_signal() -> None:
        (hurry if stop.is_set() else stop).set()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, on_signal)

    supervisor = Supervisor(os.environ)
    listening = addresses_of(settings)
    certificate = certificate_of(settings)
    visitors = build_visitors(settings, listening)
    keys = build_keys(settings)
    drain = Drain()
    host_mark = secrets.token_hex(8)
    async with contextlib.AsyncExitStack() as stack:
        folder = stack.enter_context(scratch())
        stack.enter_context(warden(host_mark))
        site = Site(folder / "executor", f"{host_mark}:worker-")
        executor = await stack.enter_async_context(open_executor(settings.executor, site))
        registry = build_registry(settings, models, folder, executor, shares)
        watch = {found.name: found.watch for found in models}
        reloader = Reloader(registry, watch) if settings.reload else None
        tracing = build_tracing(settings, os.environ)
        trainings = build_trainings(settings, models, folder, host_mark, executor, shares, tracing)
        page = build_try_me(settings, folder, host_mark)
        notes = Notes()
        behalf = build_on_behalf(settings, keys)
        login = None if keys is None else build_login(settings, keys)
        access = open_access(settings, keys, login, behalf)
        names = [found.name for found in models]
        limits = build_limits(settings, names, behalf, has_keys=keys is not None)
        app = build_app(
            settings,
            registry,
            folder,
            drain,
            trainings,
            page,
            visitors,
            notes,
            recent,
            access.check,
            limits,
            login,
            behalf,
            has_traces=tracing is not None,
        )
        runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=LAST_WORDS_SECONDS)
        await runner.setup()
        assert runner.server is not None
        runner.server.request_handler = expecting(runner.server.request_handler, app[SHAPES])
        traced = None if tracing is None else build_traced_requests(app, tracing)
        if settings.log_format == logs.JSON or traced is not None:
            runner.server.request_handler = in_context(
                runner.server.request_handler,
                details_from(app[FACTS]),
                None if traced is None else traced.begin,
                always=settings.log_format == logs.JSON,
            )
        others = [build_access_log(settings, app), traced]
        observers = [*app[OBSERVERS], *(each for each in others if each is not None)]
        processes_count = shares.processes_count + 2
        connections = Connections(
            runner.server,
            _connection_limits(settings, fitting_count(raise_open_files(), processes_count)),
            notes,
            Observers(observers, app[FACTS]) if observers else None,
            # web.bodies decompresses bodies that are read; others are discarded.
            auto_decompress=False,
            lingering_time=LINGERING_SECONDS,
        )
        # Started early: a worker may be lost while the store is opened.
        settled = asyncio.ensure_future(registry.settled())
        watches = [supervisor.watch()]
        watches += [one.run() for one in (reloader,) if one is not None]
        watches += [one.watch() for one in (certificate,) if one is not None]
        watches += [one.follow() for one in (keys,) if one is not None]
        watches += [share_limits(settings, one, host_mark) for one in (limits,) if one is not None]
        watching = [asyncio.ensure_future(one) for one in watches]
        on_hangup([certificate.reload] if certificate else [], supervisor)
        listeners: Listeners | None = None
        try:
            check_doors(listening, (one.name for one in app[DOORS]))
            if page.installed and settings.ui:
                # The page must reach all doors, whatever the others are limited to.
                page.api_socket = page.host_socket
                listening.append(
                    ListenAddress(path=str(page.host_socket), mode=0o600, private=True)
                )
            listeners = Listeners(listening, notes, certificate)
            pages = _pages(settings, page.installed, app[FRONT].pages())
            main = listeners.main
            bound, scheme = (main.bound, main.scheme) if main else (None, "")
            owners = access.owners and access.owners()
            told = (bound, pages, models, owners, listeners.others())
            app[FRONT].access = AccessSummary(settings, access.owners, listeners.described())
            if settings.log_format == logs.JSON:
                _log.info("%s", short_greeting(*told, scheme))
            else:
                print(greeting(*told, scheme), flush=True)
            if settings.ui and not page.installed:
                _log.info("no try-me page: it needs Gradio: pip install 'deepaas[ui]'")
            listeners.start(connections)
            if SCRAPE in app:
                await stack.enter_async_context(
                    serve_metrics(app, settings, connections, notes, certificate)
                )
            listeners.tell_who_may_ask(visitors, has_keys=access.check is not None)
            registry.start()
            if settings.train_endpoint:
                await trainings.start()
            if not await _any_model(settled, stop, _why_it_stays(settings, app[DOORS])):
                return 1
            supervisor.ready()
            _settle_memory()
            if bound and (example := app[FRONT].example(own_url(bound, "", scheme))):
                _log.info("try it: %s", example)
            if (expect := app[FRONT].expect_visitor) and sys.stdout.isatty():
                # Somebody watches, and has been given its address.
                expect()
            await stop.wait()
            _log.info("stopping: waiting for running calls to finish (a second signal ends them)")
            supervisor.stopping()
            drain.began = True
            await listeners.stop()
            await asyncio.gather(
                _first(drain.finished(), asyncio.sleep(settings.drain_timeout), hurry.wait()),
                trainings.stop(hurry),
            )
        finally:
            if listeners is not None:
                await listeners.stop()
            settled.cancel()
            connections.end_handshakes()
            for task in watching:
                task.cancel()
            await asyncio.wait(watching)
            # Calls that are still running or waiting get 503.
            await asyncio.gather(registry.stop(), trainings.stop(hurry), page.stop())
            await runner.cleanup()
            # Last: the results of asynchronous predictions are stored there.
            await trainings.close()
            if tracing is not None:
                await tracing.close()
    _log.info("stopped")
    return 0


def _connection_limits(settings: Settings, fitting: int) -> ConnectionLimits:
    return ConnectionLimits(
        count=settings.max_connections or fitting,
        per_address_count=settings.max_connections_per_address,
        head_seconds=settings.header_timeout,
        idle_seconds=settings.keep_alive_timeout,
        body_seconds=settings.body_timeout,
        send_seconds=settings.send_timeout,
    )


def _pages(settings: Settings, has_page: bool, of_doors: Sequence[Link]) -> list[Link]:
    prefix = settings.base_path
    pages = [Link("Start page", f"{prefix}/")]
    if settings.doc_endpoint:
        pages.append(Link("Swagger interface", f"{prefix}/api"))
    pages += of_doors
    if settings.ui and has_page:
        pages.append(Link("Try-me page", f"{prefix}{try_me.PATH}/"))
    return pages


def _why_it_stays(settings: Settings, opened: Sequence[OpenDoor]) -> str:
    return "waiting for changes" if settings.reload else why_to_stay(opened)


async def _any_model(settled: asyncio.Future[bool], stop: asyncio.Event, stays: str) -> bool:
    """Wait for the models; False if none can be served, unless the host keeps running."""
    await _first(settled, stop.wait())
    if stop.is_set():
        return True
    if not settled.result():
        if stays:
            _log.error("No model could be loaded, see above; %s", stays)
            return True
        _log.critical("No model could be loaded, see above")
        return False
    return True


def _settle_memory() -> None:
    """Exclude the objects of the host from garbage collection.

    Scanning them takes milliseconds, during which the host does not respond.
    """
    gc.collect()
    gc.freeze()


async def _first(*awaitables: Awaitable[Any]) -> None:
    tasks = [asyncio.ensure_future(each) for each in awaitables]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


if __name__ == "__main__":
    main()
