"""What is kept of a prediction, in Cog's words."""

from __future__ import annotations

import msgspec

from deepaas.predictions.kept import Snapshot
from deepaas.protocols.cog.answers import failed
from deepaas.protocols.cog.prediction import FAILED, Prediction, moment
from deepaas.web.document import Document, of_bytes

APART_BYTES = 1024 * 1024
"""What is longer is not taken apart again: that needs it all in memory."""

ONLY_IN_WHOLE = ("input", "created_at", "started_at", "completed_at")
"""What events and webhooks do not tell of a prediction."""

ELSEWHERE = "what there is to tell of it lies with a host of another state directory"
GONE = "interrupted: its host ended"
LOST = "what it has told is lost: the store was away for too long"


class CogWording:
    """See :class:`deepaas.predictions.kept.Wording`; of these predictions not all is known."""

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
                "error": f"what it has told cannot be kept: {reason}",
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
    """What is kept of a prediction as webhooks are told of it; a long one stays as it is."""
    if document.size_bytes > APART_BYTES:
        return document
    kept = msgspec.json.decode(document.whole(), type=dict[str, msgspec.Raw])
    for name in ONLY_IN_WHOLE:
        kept.pop(name, None)
    return of_bytes(msgspec.json.encode(kept))
