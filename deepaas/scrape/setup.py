"""Adds metrics to a host."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

from aiohttp import web

from deepaas.model.registry import Registry
from deepaas.scrape.collector import MetricsCollector, Source
from deepaas.scrape.of_host import HostMetrics
from deepaas.scrape.of_trainings import TrainingMetrics
from deepaas.scrape.page import PATH, for_this_machine
from deepaas.training.service import Trainings
from deepaas.web.health import Drain
from deepaas.web.observers import OBSERVERS
from deepaas.web.request_counts import RequestCounts
from deepaas.web.uploads import Uploads


@dataclass(frozen=True)
class Scrape:
    collector: MetricsCollector
    host: HostMetrics


SCRAPE: web.AppKey[Scrape] = web.AppKey("deepaas_scrape", Scrape)


def setup(
    app: web.Application,
    *,
    prefix: str,
    registry: Registry,
    drain: Drain,
    uploads: Uploads,
    trainings: Trainings | None,
    doors: Iterable[Source],
    here: bool,
    has_keys: bool = False,
    has_traces: bool = False,
) -> None:
    """Count everything, and serve it.

    ``trainings`` is None without them; ``here``: whether ``/metrics`` is a path of this host.
    """
    counts = RequestCounts(has_keys=has_keys, has_traces=has_traces)
    app[OBSERVERS].append(counts)
    host = HostMetrics(drain, uploads)
    collector = MetricsCollector(
        registry,
        host,
        None if trainings is None else TrainingMetrics(trainings),
        None if trainings is None else trainings.directory.predictions,
        [counts.families, *doors],
    )
    app[SCRAPE] = Scrape(collector, host)
    if here:
        app.router.add_get(f"{prefix}{PATH}", for_this_machine(collector))

    async def watch_loop(_app: web.Application) -> AsyncIterator[None]:
        host.lag.start()
        yield
        host.lag.stop()

    app.cleanup_ctx.append(watch_loop)
