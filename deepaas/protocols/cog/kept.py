"""What is kept of a prediction: a record with a document, which lies in a file when it is long."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import time
import uuid
from pathlib import Path

import msgspec

from deepaas.protocols.cog.answers import failed
from deepaas.protocols.cog.prediction import FAILED, Prediction, moment
from deepaas.training.place import Place
from deepaas.training.records import CUT_OFF, INTERRUPTED, Record
from deepaas.web.document import Document, of_bytes, of_file

ROW_BYTES = 256 * 1024
"""A longer document lies in a file of the state directory."""

APART_BYTES = 1024 * 1024
"""What is longer is not taken apart again: that needs it all in memory."""

ONLY_IN_WHOLE = ("input", "created_at", "started_at", "completed_at")
"""What events and webhooks do not tell of a prediction."""

STRAY_SECONDS = 3600.0

ELSEWHERE = "what there is to tell of it lies with a host of another state directory"
GONE = "interrupted: its host ended"
LOST = "what it has told is lost: the store was away for too long"


class Keeper:
    """Makes and reads what is kept.

    Args:
        place: the state directory.
        host: the id of this host.
    """

    def __init__(self, place: Place, host: str) -> None:
        self._place = place
        self._host = host

    async def record(self, prediction: Prediction) -> Record:
        """What is to be kept of a prediction as it is; its file is written."""
        document = prediction.told(with_input=True, with_moments=True)
        content, file = None, ""
        if document.size_bytes <= ROW_BYTES:
            content = document.whole()
        else:
            file = f"{uuid.uuid4().hex}.json"
            try:
                await asyncio.to_thread(self._write, document, file)
            except OSError as error:
                self.remove(file)
                content, file = _not_kept(prediction, error), ""
        return Record(
            model=prediction.model,
            id=prediction.id,
            place=self._place.id,
            owner=self._host,
            status=CUT_OFF if prediction.is_cut_off else prediction.status,
            created=prediction.created,
            completed=prediction.completed,
            document=content,
            file=file,
        )

    def document(self, record: Record) -> Document:
        """What clients are told of a prediction.

        Raises:
            FileNotFoundError: it has just been removed.
            Refusal: it lies with a host of another state directory.
        """
        if record.document is not None:
            document = of_bytes(record.document)
        elif record.place != self._place.id:
            raise failed(ELSEWHERE, 409)
        else:
            document = of_file(self._path(record.file))
        if record.status != INTERRUPTED:
            return document
        # Its host could not say by itself that it did not bring it to an end.
        told = msgspec.json.decode(document.whole(), type=dict[str, msgspec.Raw])
        told["error"] = msgspec.Raw(msgspec.json.encode(GONE))
        told["completed_at"] = msgspec.Raw(msgspec.json.encode(moment(record.completed)))
        told["status"] = msgspec.Raw(msgspec.json.encode(FAILED))
        return of_bytes(msgspec.json.encode(told))

    def remove(self, file: str) -> None:
        """Remove the file of a record."""
        with contextlib.suppress(OSError):
            self._path(file).unlink(missing_ok=True)

    def sweep(self, known: set[str]) -> None:
        """Remove files that hosts have left when they were killed.

        Args:
            known: those that records have.
        """
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


def told_of(document: Document) -> Document:
    """What is kept of a prediction as webhooks are told of it; a long one stays as it is."""
    if document.size_bytes > APART_BYTES:
        return document
    kept = msgspec.json.decode(document.whole(), type=dict[str, msgspec.Raw])
    for name in ONLY_IN_WHOLE:
        kept.pop(name, None)
    return of_bytes(msgspec.json.encode(kept))


def shortened(record: Record) -> Record:
    """No more than that it has ended."""
    told = {"id": record.id, "error": LOST, "status": FAILED}
    return dataclasses.replace(record, status=FAILED, document=msgspec.json.encode(told), file="")


def _not_kept(prediction: Prediction, error: OSError) -> bytes:
    return msgspec.json.encode(
        {
            "id": prediction.id,
            "error": f"what it has told cannot be kept: {error.strerror}",
            "logs": prediction.logs,
            "metrics": prediction.metrics,
            "status": FAILED,
        }
    )
