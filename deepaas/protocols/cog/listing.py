"""``GET /predictions``: lists predictions, newest first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from yarl import URL

from deepaas.predictions.archive import Archive
from deepaas.protocols.cog.answers import Refusal
from deepaas.protocols.cog.prediction import FAILED, moment
from deepaas.protocols.cog.prediction_task import PredictionTask
from deepaas.training.records import UNFINISHED

DEFAULT_COUNT = 100
MAX_COUNT = 1000
MAX_NUMBER = 2**63 - 1


async def page(
    url: URL, going: Iterable[PredictionTask], archive: Archive, model: str
) -> dict[str, Any]:
    """A page of predictions, without inputs and outputs.

    In the query of the URL, ``limit`` is their number and ``cursor`` the position.

    Raises:
        Refusal: a parameter is not valid.
        StoreUnavailable: the database does not respond.
    """
    limit = number(url, "limit", MAX_COUNT) or DEFAULT_COUNT
    before = number(url, "cursor", MAX_NUMBER)
    records = await archive.list(model, before=before, limit=limit)
    stored = [record for record in records if record.number]
    following = None
    if len(stored) == limit:
        following = str(url.update_query(cursor=str(stored[-1].number)))
    live = {each.prediction.id: each.prediction for each in going}
    lines = [
        (one.created, shown(one.id, one.status, one.created, one.completed))
        for one in (live.get(record.id, record) for record in records)
    ]
    if before is None:
        known = {record.id for record in records}
        lines += [
            (one.created, shown(one.id, one.status, one.created, one.completed))
            for one in live.values()
            if one.id not in known
        ]
    # Only by time: the rest of the pair cannot be compared.
    lines.sort(key=lambda pair: pair[0], reverse=True)
    return {"next": following, "results": [told for _, told in lines]}


def shown(name: str, status: str, created: float, completed: float | None) -> dict[str, Any]:
    return {
        "id": name,
        "status": FAILED if status in UNFINISHED else status,
        "created_at": moment(created),
        "completed_at": moment(completed),
    }


def number(url: URL, name: str, most: int) -> int | None:
    """None if it is missing; ``Refusal`` if it is not a number from 1 to ``most``."""
    text = url.query.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20 and 1 <= int(text) <= most):
        raise Refusal(422, {"detail": f"{name} must be a number between 1 and {most}"})
    return int(text)
