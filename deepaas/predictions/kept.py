"""Stored predictions: a record with a document, which is in a file if it is long."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from deepaas.training.records import CUT_OFF, INTERRUPTED, Record
from deepaas.training.state_directory import StateDirectory
from deepaas.web.document import Document, of_bytes, of_file

ROW_BYTES = 256 * 1024
"""Longer documents are stored in files in the state directory."""

STRAY_SECONDS = 3600.0


@dataclass(frozen=True)
class Snapshot:
    """The state of a prediction at one time. Times are seconds since the epoch.

    Attributes:
        id: chosen by the client, or generated.
        status: as in the protocol.
        is_cut_off: whether it ended only because the host stopped.
        document: the JSON for clients.
        brief: returns a short JSON document for a reason why the long one cannot be written.
    """

    model: str
    id: str
    status: str
    created: float
    completed: float | None
    is_cut_off: bool
    document: Document
    brief: Callable[[str], bytes]


class Wording(Protocol):
    """A door's documents for predictions that are not completely known."""

    def lost(self, prediction_id: str) -> tuple[str, bytes]:
        """Status and document if only the end is known."""

    def interrupted(self, document: Document, completed: float | None) -> Document:
        """The document if the host exited; `completed` is when that was detected."""

    def elsewhere(self) -> Exception:
        """The exception if the document is in another state directory."""


class Keeper:
    def __init__(self, place: StateDirectory, host: str, wording: Wording) -> None:
        self._place = place
        self._host = host
        self._wording = wording

    async def record(self, snapshot: Snapshot) -> Record:
        """Make a record; writes its file."""
        content, file = None, ""
        if snapshot.document.size_bytes <= ROW_BYTES:
            content = snapshot.document.whole()
        else:
            file = f"{uuid.uuid4().hex}.json"
            try:
                await asyncio.to_thread(self._write, snapshot.document, file)
            except OSError as error:
                self.remove(file)
                content, file = snapshot.brief(error.strerror or str(error)), ""
        return Record(
            model=snapshot.model,
            id=snapshot.id,
            place=self._place.id,
            owner=self._host,
            status=CUT_OFF if snapshot.is_cut_off else snapshot.status,
            created=snapshot.created,
            completed=snapshot.completed,
            document=content,
            file=file,
        )

    def shortened(self, record: Record) -> Record:
        status, document = self._wording.lost(record.id)
        return dataclasses.replace(record, status=status, document=document, file="")

    def document(self, record: Record) -> Document:
        """Raises ``FileNotFoundError`` (just removed), or the error from ``Wording.elsewhere``."""
        if record.document is not None:
            document = of_bytes(record.document)
        elif record.place != self._place.id:
            raise self._wording.elsewhere()
        else:
            document = of_file(self._path(record.file))
        if record.status != INTERRUPTED:
            return document
        # The host could not record the end itself.
        return self._wording.interrupted(document, record.completed)

    def remove(self, file: str) -> None:
        with contextlib.suppress(OSError):
            self._path(file).unlink(missing_ok=True)

    def sweep(self, known: set[str]) -> None:
        """Remove files left by killed hosts."""
        youngest = time.time() - STRAY_SECONDS
        for path in self._place.predictions.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if path.name not in known and path.stat().st_mtime < youngest:
                    path.unlink()

    def _write(self, document: Document, file: str) -> None:
        # The folder may have been removed while the host was running.
        self._place.predictions.mkdir(mode=0o700, exist_ok=True)
        document.write(self._path(file))

    def _path(self, file: str) -> Path:
        return self._place.predictions / file
