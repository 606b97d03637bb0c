"""Runs workers as processes on this machine."""

from __future__ import annotations

import contextlib
import errno
import itertools
from collections.abc import AsyncIterator

from deepaas.executor import CannotStart, Needs, Reports, Site
from deepaas.executor.local.process import LocalProcess

_SHORTAGES = frozenset([errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE])


class LocalExecutor:
    def __init__(self, mark: str) -> None:
        self._mark = mark
        self._numbers = itertools.count(1)

    def start(self, needs: Needs, reports: Reports) -> LocalProcess:
        try:
            return LocalProcess(needs, f"{self._mark}{next(self._numbers)}:", reports)
        except (OSError, RuntimeError) as error:
            # RuntimeError: no thread can be started.
            shortage = not isinstance(error, OSError) or error.errno in _SHORTAGES
            raise CannotStart(str(error), shortage=shortage) from error


@contextlib.asynccontextmanager
async def local(site: Site) -> AsyncIterator[LocalExecutor]:
    yield LocalExecutor(site.mark)
