"""The models that this host serves."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

from deepaas.errors import ModelNotFound
from deepaas.masks import NOTHING_MASKED, Masks
from deepaas.model.handle import HostedModel
from deepaas.resources.gpu_use import GpuUse
from deepaas.workers.checker import TrainingChecker
from deepaas.workers.pool import Pool


class Registry:
    """All models of this host. `check_seconds`: time limit for a check of arguments, 0 for none."""

    def __init__(
        self,
        pools: Sequence[Pool],
        check_seconds: float,
        masks: Masks = NOTHING_MASKED,
        gpus: GpuUse | None = None,
    ) -> None:
        self._pools = list(pools)
        self._checkers = [TrainingChecker(pool, check_seconds) for pool in pools]
        self._models = {
            pool.name: HostedModel(pool, checker, masks, gpus)
            for pool, checker in zip(self._pools, self._checkers, strict=True)
        }
        self._first_questions: list[asyncio.Future[None]] = []

    def __iter__(self) -> Iterator[HostedModel]:
        return iter(self._models.values())

    def __contains__(self, name: object) -> bool:
        return name in self._models

    def __getitem__(self, name: str) -> HostedModel:
        """Raises ``ModelNotFound``."""
        try:
            return self._models[name]
        except KeyError:
            raise ModelNotFound(name, list(self)) from None

    def start(self) -> None:
        for pool in self._pools:
            pool.start()
        self._first_questions = [asyncio.ensure_future(m.first_metadata()) for m in self]

    async def settled(self) -> bool:
        """Wait until every model is ready or broken. Return whether any is ready."""
        statuses = await asyncio.gather(*(pool.settled() for pool in self._pools))
        return any(status.status == "ready" for status in statuses)

    async def stop(self) -> None:
        for question in self._first_questions:
            question.cancel()
        await asyncio.gather(*self._first_questions, return_exceptions=True)
        await asyncio.gather(
            *(pool.stop() for pool in self._pools), *(checker.stop() for checker in self._checkers)
        )
