"""What addresses of clients are still to be told: bounded, and apart from what it tells of.

A prediction that has ended is not held by an address that does not answer; nor does one such
address keep the others from being told.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from deepaas.web.document import Document, of_bytes, of_file

_log = logging.getLogger(__name__)

LINES_COUNT = 1000
"""Of so many ended predictions there may be something left to tell."""

MEMORY_BYTES = 32 * 1024 * 1024
"""So much of it is in memory, the rest in files."""

DISK_BYTES = 4 * 1024 * 1024 * 1024


@dataclass(frozen=True)
class Letter:
    """One document for an address.

    Attributes:
        body: the document.
        tries: how often it is tried.
        path: its file, if it has one of its own.
        held_bytes: what counts of it as being in memory.
    """

    body: Document
    tries: int = 1
    path: Path | None = None
    held_bytes: int = 0


class Line:
    """All that one address is told of one prediction, in order.

    Attributes:
        origin: whose it is; addresses of one server have the same.
        about: what it tells of, for people.
        task: tells it.
        given_up: whether it is ended as there is too much to tell.

    Args:
        outbox: where it belongs.
        origin: the same.
        about: the same.
        send: tells the address one thing, or gives up.
    """

    def __init__(
        self, outbox: Outbox, origin: str, about: str, send: Callable[[Letter], Awaitable[None]]
    ) -> None:
        self.origin = origin
        self.about = about
        self.given_up = False
        self._outbox = outbox
        self._send = send
        self._letters: asyncio.Queue[Letter | None] = asyncio.Queue()
        self.task = asyncio.ensure_future(self._tell())

    def add(self, document: Document) -> None:
        """Tell something of a prediction that goes on; it is tried once."""
        self._letters.put_nowait(Letter(document))

    async def add_last(self, document: Document, tries: int) -> None:
        """Tell something of a prediction that has ended, and need not be kept for this."""
        letter = await self._outbox.letter(document, tries)
        if letter is None:
            _log.warning("%s is not told: it is too long to be kept", self.about)
        elif self.task.done():
            self._outbox.drop(letter)
        else:
            self._letters.put_nowait(letter)

    def finish(self) -> None:
        """Nothing more will be added."""
        self._letters.put_nowait(None)
        if not self.task.done():
            self._outbox.enter(self)

    async def told(self) -> None:
        """Wait until all that was added has been told, or given up."""
        await self._letters.join()

    async def _tell(self) -> None:
        try:
            while (letter := await self._letters.get()) is not None:
                try:
                    await self._send(letter)
                finally:
                    self._outbox.drop(letter)
                    self._letters.task_done()
        finally:
            self._outbox.leave(self)
            while not self._letters.empty():
                if (letter := self._letters.get_nowait()) is not None:
                    self._outbox.drop(letter)


class Outbox:
    """What is left to tell of predictions that have ended.

    Args:
        folder: for what is long.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lines: dict[str, dict[Line, None]] = {}
        self._lines_count = 0
        self._held_bytes = 0
        self._disk_bytes = 0

    async def letter(self, document: Document, tries: int) -> Letter | None:
        """A document that needs nothing else any more, None if there is no room for it."""
        size_bytes = document.size_bytes
        if document.is_small and self._held_bytes + size_bytes <= MEMORY_BYTES:
            self._held_bytes += size_bytes
            return Letter(of_bytes(document.whole()), tries, held_bytes=size_bytes)
        if self._disk_bytes + size_bytes > DISK_BYTES:
            return None
        self._disk_bytes += size_bytes
        path = self._folder / f"webhook-{uuid.uuid4().hex}.json"
        try:
            await asyncio.to_thread(document.write, path)
            return Letter(of_file(path), tries, path)
        except BaseException as error:
            self._disk_bytes -= size_bytes
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
            if isinstance(error, OSError):
                return None
            raise

    def drop(self, letter: Letter) -> None:
        """Let go of it."""
        self._held_bytes -= letter.held_bytes
        if letter.path is not None:
            self._disk_bytes -= letter.body.size_bytes
            with contextlib.suppress(OSError):
                letter.path.unlink(missing_ok=True)

    def enter(self, line: Line) -> None:
        """Note one that may take long, as its prediction has ended."""
        self._lines.setdefault(line.origin, {})[line] = None
        self._lines_count += 1
        if self._lines_count > LINES_COUNT:
            # Of whom most is left, the oldest: a server that does not answer pays for itself.
            most = max(self._lines.values(), key=len)
            given_up = next(iter(most))
            self.leave(given_up)
            given_up.given_up = True
            given_up.task.cancel()
            _log.warning("%s is not told: too much is left to tell", given_up.about)

    def leave(self, line: Line) -> None:
        """Forget one; nothing happens if it is not there."""
        lines = self._lines.get(line.origin, {})
        if line in lines:
            del lines[line]
            self._lines_count -= 1
            if not lines:
                del self._lines[line.origin]
