"""``--reload``: reloads models whose source code has changed."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from deepaas.model.handle import HostedModel
from deepaas.model.sources import CODE, SETTINGS, snapshot

if TYPE_CHECKING:
    from watchfiles import Change

_log = logging.getLogger(__name__)

QUIET_MILLISECONDS = 100
"""Wait until nothing has changed for this long: editors save in several steps."""

NAMED_COUNT = 3

PAUSE_SECONDS = 0.5
"""How long to wait before watching a folder again that was replaced."""

_Filter = Callable[["Change", str], bool]

Watch = Callable[[], Sequence[Path]]
"""Returns the current files and folders of a model."""


class _Look(NamedTuple):
    """A digest of each file, and the time of the last change of the code.

    The time shows changes that were undone.
    """

    places: list[Path]
    digests: dict[Path, str]
    touched_ns: int

    def code(self) -> dict[Path, str]:
        return {path: digest for path, digest in self.digests.items() if self.is_code(path)}

    def is_code(self, path: Path) -> bool:
        """Whether the file belongs to the model's code; it may have written other files itself."""
        return path.suffix == CODE or path in self.places


class Watched:
    """A watched model. Its workers are not started yet, since they must not load newer code.

    `recheck` is called if :meth:`check` is needed; `places` is where the code is, or was last.
    """

    def __init__(self, model: HostedModel, watch: Watch, recheck: Callable[[], None]) -> None:
        self.places: list[Path] = []
        self.name = model.name
        self._is_blind = False
        self._model = model
        self._watch = watch
        self._recheck = recheck
        self._known = self._look().digests
        self._outdated = False
        self._repeated = False
        self._began_at = time.time()
        self._loaded_at: float | None = None
        self._waiting: asyncio.Future[None] | None = None

    def begin(self) -> None:
        """Call this before its workers start."""
        where = ", ".join(str(place) for place in self.places)
        if where:
            _log.info("[%s] --reload, for development: watching %s", self.name, where)
        else:
            _log.warning("[%s] --reload: could not find the source code", self.name)
        self._waiting = asyncio.ensure_future(self._load())

    def end(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    async def check(self) -> None:
        look = await asyncio.to_thread(self._look)
        known, self._known = self._known, look.digests
        outdated, self._outdated = self._outdated, False
        paths = look.digests.keys() | known.keys()
        changed = sorted(path for path in paths if look.digests.get(path) != known.get(path))
        if not changed:
            if outdated:
                _log.info("[%s] saved while loading; loading it again", self.name)
                self._reload(look, repeated=True)
            return
        names = ", ".join(path.name for path in changed[:NAMED_COUNT])
        if len(changed) > NAMED_COUNT:
            names += f" and {len(changed) - NAMED_COUNT} more"
        if not outdated and all(self._is_own(path) for path in changed):
            _log.info(
                "[%s] not reloaded: %s changed while loading, probably written by the model",
                self.name,
                names,
            )
            return
        _log.info("[%s] changed: %s; loading the new code", self.name, names)
        self._reload(look, repeated=False)

    def _reload(self, look: _Look, *, repeated: bool) -> None:
        self.end()
        self._began_at, self._loaded_at = time.time(), None
        self._repeated = repeated
        self._model.reload(functools.partial(self._is_current, look))
        self._waiting = asyncio.ensure_future(self._load())

    async def _is_current(self, then: _Look) -> bool:
        """Whether the code is unchanged since the reload began; if not, load it again.

        Workers read it after it was checked, and may have read incomplete code.
        """
        try:
            now = await asyncio.to_thread(self._look)
        except OSError:
            self._outdated = True
        else:
            # A model that writes the same code on each load must not reload for ever.
            touched = now.touched_ns != then.touched_ns and not self._repeated
            # The model may have written other files itself.
            self._outdated |= touched or now.code() != then.code()
        if self._waiting is None:
            return True  # Watching has ended.
        if self._outdated:
            self._recheck()
        return not self._outdated

    def _look(self) -> _Look:
        try:
            places = list(self._watch())
            self._is_blind = False
        except Exception:
            # The file may be half written. Continue for the other models.
            if not self._is_blind:
                _log.exception("[%s] --reload: could not find out which files to watch", self.name)
            self._is_blind = True
            places = self.places
        self.places = places or self.places
        digests = snapshot(places)
        touched_ns = 0
        for path in _Look(places, digests, 0).code():
            with contextlib.suppress(OSError):
                touched_ns = max(touched_ns, path.stat().st_ctime_ns)
        return _Look(places, digests, touched_ns)

    def _is_own(self, path: Path) -> bool:
        """Whether the model probably wrote this file itself; it would reload for ever."""
        if path.suffix == CODE or path in self.places:
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
    """Watches the source code of models, whose workers are not started yet."""

    def __init__(self, models: Iterable[HostedModel], watch: Mapping[str, Watch]) -> None:
        self._changed = asyncio.Event()
        self._watched = [Watched(one, watch[one.name], self._changed.set) for one in models]

    async def run(self) -> None:
        # It logs each change itself.
        logging.getLogger("watchfiles").setLevel(logging.WARNING)
        polling = False
        try:
            for each in self._watched:
                each.begin()
            while True:
                try:
                    await self._watch(polling=polling)
                except FileNotFoundError as error:  # noqa: PERF203
                    # Another program, such as git, is changing the folder.
                    _log.debug("watching the source code again: %s", error)
                    await asyncio.sleep(PAUSE_SECONDS)
                except (OSError, RuntimeError) as error:
                    if polling:
                        raise
                    polling = True
                    _log.warning(
                        "--reload: the system cannot report changes, polling instead: %s", error
                    )
        except Exception as error:
            # Keep serving.
            _log.error("--reload has stopped: %s", error)
        finally:
            for each in self._watched:
                each.end()

    async def _watch(self, *, polling: bool) -> None:
        places = self._places()
        listeners = [
            asyncio.ensure_future(self._listen(paths, is_wanted, recursive, polling))
            for paths, is_wanted, recursive in (
                ([place for place in places if place.is_dir()], _may_be_source, True),
                # A folder that is created again is another one; editors do this with files.
                (_parents(places), lambda _, path: not places or Path(path) in places, False),
            )
            if paths
        ]
        # Listening begins after one turn of the loop. Earlier changes were missed.
        await asyncio.sleep(0)
        self._changed.set()
        try:
            while self._places() == places:
                await self._changed.wait()
                self._changed.clear()
                if ended := [listener for listener in listeners if listener.done()]:
                    ended[0].result()
                    return
                for each in self._watched:
                    await each.check()
        finally:
            for listener in listeners:
                listener.cancel()
            await asyncio.gather(*listeners, return_exceptions=True)

    def _places(self) -> dict[Path, int]:
        found = {}
        for each in self._watched:
            for place in each.places:
                found[place] = place.stat().st_ino if place.is_dir() else 0
        return found

    async def _listen(
        self, paths: Sequence[Path], is_wanted: _Filter, recursive: bool, polling: bool
    ) -> None:
        # Imported here so that a host without --reload does not load it.
        from watchfiles import awatch

        try:
            async for _ in awatch(
                *paths,
                watch_filter=is_wanted,
                step=QUIET_MILLISECONDS,
                recursive=recursive,
                force_polling=polling or None,
            ):
                if not recursive:
                    # A folder that was created again may have the same inode.
                    return
                self._changed.set()
        finally:
            self._changed.set()  # Wake the waiting task: this listener has ended.


def _may_be_source(change: Change, path: str) -> bool:
    suffix = Path(path).suffix
    # Folders also appear and disappear.
    return suffix == CODE or suffix in SETTINGS or (not suffix and change.name != "modified")


def _parents(places: Iterable[Path]) -> list[Path]:
    parents = {place.parent for place in places}
    if not parents:
        installed = (Path(sys.prefix), Path(sys.base_prefix))
        folders = [Path(folder) for folder in sys.path]
        parents = {each for each in folders if not any(map(each.is_relative_to, installed))}
    return sorted(parent for parent in parents if parent.is_dir())
