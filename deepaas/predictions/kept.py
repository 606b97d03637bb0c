"""What is kept of a prediction: a record with a document, which lies in a file when it is long."""

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
"""A longer document lies in a file of the state directory."""

STRAY_SECONDS = 3600.0


@dataclass(frozen=True)
class Snapshot:
    """A prediction as it is at one moment. Times are seconds since the epoch.

    Attributes:
        id: its client's name for it, or one that was made up.
        status: in the words of the door.
        is_cut_off: whether it has ended for no other reason than that its host leaves.
        document: what clients are told of it, as JSON.
        brief: gives what is kept, as JSON, when that cannot be written; it is told why.
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
    """What a door tells of predictions of which not all is known."""

    def lost(self, prediction_id: str) -> tuple[str, bytes]:
        """Status and document of one of which is known no more than that it has ended."""

    def interrupted(self, document: Document, completed: float | None) -> Document:
        """Its host ended in the middle of it; `completed` is when that was found out."""

    def elsewhere(self) -> Exception:
        """What is raised of one that lies with a host of another state directory."""


class Keeper:
    def __init__(self, place: StateDirectory, host: str, wording: Wording) -> None:
        self._place = place
        self._host = host
        self._wording = wording

    async def record(self, snapshot: Snapshot) -> Record:
        """Its file is written."""
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
        """Raises ``FileNotFoundError`` (just removed), or what ``Wording.elsewhere`` gives."""
        if record.document is not None:
            document = of_bytes(record.document)
        elif record.place != self._place.id:
            raise self._wording.elsewhere()
        else:
            document = of_file(self._path(record.file))
        if record.status != INTERRUPTED:
            return document
        # Its host could not say by itself that it did not bring it to an end.
        return self._wording.interrupted(document, record.completed)

    def remove(self, file: str) -> None:
        with contextlib.suppress(OSError):
            self._path(file).unlink(missing_ok=True)

    def sweep(self, known: set[str]) -> None:
        """Remove files that hosts have left when they were killed."""
        youngest = time.time() - STRAY_SECONDS
        for path in self._place.predictions.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if path.name not in known and path.stat().st_mtime < youngest:
                    path.unlink()

    def _write(self, document: Document, file: str) -> None:
        # Somebody may have removed it while this host ran.
        self._place.predictions.mkdir(mode=0o700, exist_ok=True)
        document.write(self._path(file))

    def _path(self, file: str) -> Path:
        return self._place.predictions / file
