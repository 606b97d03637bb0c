"""Stored predictions, in Cog's format."""

from __future__ import annotations

import msgspec

from deepaas.predictions.kept import Snapshot
from deepaas.protocols.cog.answers import failed
from deepaas.protocols.cog.prediction import FAILED, Prediction, moment
from deepaas.web.document import Document, of_bytes

APART_BYTES = 1024 * 1024
"""Longer documents are not parsed again, because that needs all of them in memory."""

ONLY_IN_WHOLE = ("input", "created_at", "started_at", "completed_at")
"""Fields of a prediction that are not in events and webhooks."""

ELSEWHERE = "the prediction is stored on another host, in its state directory: request it there"
GONE = "interrupted: the host stopped"
LOST = "the output is lost: the database was unavailable for too long"


class CogWording:
    """See :class:`deepaas.predictions.kept.Wording`."""

    def lost(self, prediction_id: str) -> tuple[str, bytes]:
        told = {"id": prediction_id, "error": LOST, "status": FAILED}
        return FAILED, msgspec.json.encode(told)

    def interrupted(self, document: Document, completed: float | None) -> Document:
        told = msgspec.json.decode(document.whole(), type=dict[str, msgspec.Raw])
        told["error"] = msgspec.Raw(msgspec.json.encode(GONE))
        told["completed_at"] = msgspec.Raw(msgspec.json.encode(moment(completed)))
        told["status"] = msgspec.Raw(msgspec.json.encode(FAILED))
        return of_bytes(msgspec.json.encode(told))

    def elsewhere(self) -> Exception:
        return failed(ELSEWHERE, 409)


def snapshot(prediction: Prediction) -> Snapshot:
    def brief(reason: str) -> bytes:
        return msgspec.json.encode(
            {
                "id": prediction.id,
                "error": f"the output cannot be stored: {reason}",
                "logs": prediction.logs,
                "metrics": prediction.metrics,
                "status": FAILED,
            }
        )

    return Snapshot(
        prediction.model,
        prediction.id,
        prediction.status,
        prediction.created,
        prediction.completed,
        prediction.is_cut_off,
        prediction.told(with_input=True, with_moments=True),
        brief,
    )


def told_of(document: Document) -> Document:
    """A stored prediction in the format for webhooks; long ones are unchanged."""
    if document.size_bytes > APART_BYTES:
        return document
    kept = msgspec.json.decode(document.whole(), type=dict[str, msgspec.Raw])
    for name in ONLY_IN_WHOLE:
        kept.pop(name, None)
    return of_bytes(msgspec.json.encode(kept))
