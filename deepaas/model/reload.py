"""``--reload``: models whose source code has changed are loaded anew."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from deepaas.model.handle import Model
from deepaas.model.sources import CODE, SETTINGS, roots, snapshot

if TYPE_CHECKING:
    from watchfiles import Change

_log = logging.getLogger(__name__)

QUIET_MILLISECONDS = 100
"""A change counts when nothing else has changed for so long: editors save in several steps."""

NAMED_COUNT = 3
"""So many changed files are named in the log."""

_Filter = Callable[["Change", str], bool]


class Watched:
    """The source code of a model, as it was last looked at.

    Args:
        model: the model, whose workers are not started yet: they must not load newer code.

    Attributes:
        places: where it lies, or lay when it was last seen.
    """

    def __init__(self, model: Model) -> None:
        self.places: list[Path] = []
        self._model = model
        self._known = self._look()
        self._began_at = time.time()
        self._loaded_at: float | None = None
        self._waiting: asyncio.Future[None] | None = None

    def begin(self) -> None:
        """Say what is watched; from now on its workers may be started."""
        where = ", ".join(str(place) for place in self.places)
        if where:
            _log.info("[%s] --reload, for development: watching %s", self._model.name, where)
        else:
            _log.warning("[%s] --reload: its source code is not to be found", self._model.name)
        self._waiting = asyncio.ensure_future(self._load())

    def end(self) -> None:
        """Wait for nothing any more."""
        if self._waiting is not None:
            self._waiting.cancel()

    async def check(self) -> None:
        """Have it loaded anew if it has changed."""
        digests = await asyncio.to_thread(self._look)
        known, self._known = self._known, digests
        paths = digests.keys() | known.keys()
        changed = sorted(path for path in paths if digests.get(path) != known.get(path))
        if not changed:
            return
        names = ", ".join(path.name for path in changed[:NAMED_COUNT])
        if len(changed) > NAMED_COUNT:
            names += f" and {len(changed) - NAMED_COUNT} more"
        if all(self._is_own(path) for path in changed):
            _log.info(
                "[%s] %s changed while it was being loaded: taken for its own writing",
                self._model.name,
                names,
            )
            return
        _log.info("[%s] changed: %s; loading the new code", self._model.name, names)
        self.end()
        self._began_at, self._loaded_at = time.time(), None
        self._model.reload()
        self._waiting = asyncio.ensure_future(self._load())

    def _look(self) -> dict[Path, str]:
        places = roots(self._model.name)
        self.places = places or self.places
        return snapshot(places)

    def _is_own(self, path: Path) -> bool:
        """Whether the model itself has written this file, as far as can be told.

        A model that does so whenever it is loaded would be loaded for ever.
        """
        if path.suffix == CODE:
            return False
        try:
            written_at = path.stat().st_mtime
        except OSError:
            return self._loaded_at is None
        return self._began_at <= written_at <= (self._loaded_at or written_at)

    async def _load(self) -> None:
        await self._model.settled()
        self._loaded_at = time.time()


class Reloader:
    """Watches the source code of models.

    Args:
        models: which; their workers are not started yet.
    """

    def __init__(self, models: Iterable[Model]) -> None:
        self._watched = [Watched(model) for model in models]
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Reload what changes, for ever."""
        # It tells of each change by itself.
        logging.getLogger("watchfiles").setLevel(logging.WARNING)
        polling = False
        try:
            for each in self._watched:
                each.begin()
            while True:
                try:
                    await self._watch(polling=polling)
                except (OSError, RuntimeError) as error:  # noqa: PERF203
                    if polling:
                        raise
                    polling = True
                    _log.warning(
                        "the system does not tell of changes, they are looked for: %s", error
                    )
        except Exception as error:
            # Serving goes on, whatever it is.
            _log.error("--reload does not work any more: %s", error)
        finally:
            for each in self._watched:
                each.end()

    async def _watch(self, *, polling: bool) -> None:
        """Watch until other folders have to be watched."""
        places = self._places()
        listeners = [
            asyncio.ensure_future(self._listen(paths, is_wanted, recursive, polling))
            for paths, is_wanted, recursive in (
                ([place for place in places if place.is_dir()], _may_be_source, True),
                # A folder that is made anew is another one; and editors do so with files.
                (_parents(places), lambda _, path: not places or Path(path) in places, False),
            )
            if paths
        ]
        # Listening has begun after one turn of the loop. What has changed before was not heard.
        await asyncio.sleep(0)
        self._changed.set()
        try:
            while self._places() == places:
                await self._changed.wait()
                self._changed.clear()
                for listener in listeners:
                    if listener.done():
                        listener.result()
                for each in self._watched:
                    await each.check()
        finally:
            for listener in listeners:
                listener.cancel()
            await asyncio.gather(*listeners, return_exceptions=True)

    def _places(self) -> dict[Path, int]:
        """Where code lies at present, and which file or folder that is."""
        found = {}
        for each in self._watched:
            for place in each.places:
                found[place] = place.stat().st_ino if place.is_dir() else 0
        return found

    async def _listen(
        self, paths: Sequence[Path], is_wanted: _Filter, recursive: bool, polling: bool
    ) -> None:
        # Here and not above: whoever does not want --reload does not pay for it.
        from watchfiles import awatch

        try:
            async for _ in awatch(
                *paths,
                watch_filter=is_wanted,
                step=QUIET_MILLISECONDS,
                recursive=recursive,
                force_polling=polling or None,
            ):
                self._changed.set()
        finally:
            self._changed.set()  # Whoever waits has to see that nobody listens any more.


def _may_be_source(change: Change, path: str) -> bool:
    suffix = Path(path).suffix
    # Whole folders come and go, too.
    return suffix == CODE or suffix in SETTINGS or (not suffix and change.name != "modified")


def _parents(places: Iterable[Path]) -> list[Path]:
    """Folders in which the code comes and goes; where it might come to if it is nowhere."""
    parents = {place.parent for place in places}
    if not parents:
        installed = (Path(sys.prefix), Path(sys.base_prefix))
        folders = [Path(folder) for folder in sys.path]
        parents = {each for each in folders if not any(map(each.is_relative_to, installed))}
    return sorted(parent for parent in parents if parent.is_dir())
