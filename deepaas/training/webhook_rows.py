"""The part of the store for webhooks that have not been sent."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, insert, select, update

from deepaas.training.store_database import Database
from deepaas.training.store_rows import changed, text_of
from deepaas.training.tables import HOSTS, WEBHOOKS

ROW = WEBHOOKS.c

REMOVED_COUNT = 500
"""How many are removed by one statement: databases have a limit."""


@dataclass(frozen=True)
class Webhook:
    """A webhook in the store.

    Attributes:
        kind: of its subject, ``prediction`` or ``training``.
        created: of the subject, in epoch seconds, because ids can be reused.
        place: the id of the state directory that has its files.
        address: the URL and more, for the sender.
    """

    kind: str
    model: str
    subject: str
    name: str
    created: float
    place: str
    owner: str
    address: bytes
    number: int = 0


_NAMES = {field.name: field.name for field in dataclasses.fields(Webhook)} | {"number": "id"}
_COLUMNS = [ROW[name] for name in _NAMES.values()]
_TEXTS = ("kind", "model", "subject", "name", "place", "owner")


class WebhookRows:
    """All methods raise ``StoreUnavailable``, and those that write ``StorageFull``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, webhooks: Sequence[Webhook], done: Sequence[int]) -> list[int]:
        """Add webhooks and return their numbers; remove those with the numbers `done`."""
        numbers = []
        async with self._database.writing() as connection:
            for start in range(0, len(done), REMOVED_COUNT):
                some = done[start : start + REMOVED_COUNT]
                await connection.execute(delete(WEBHOOKS).where(ROW.id.in_(some)))
            for webhook in webhooks:
                values = dataclasses.asdict(webhook)
                del values["number"]
                values |= {name: text_of(values[name]) for name in _TEXTS}
                added = await connection.execute(insert(WEBHOOKS).values(**values))
                (number,) = added.inserted_primary_key or (0,)
                numbers.append(int(number))
        return numbers

    async def adopt(self, place: str, host: str, limit: int) -> list[Webhook]:
        """Take over webhooks of dead hosts; each goes to one host only."""
        living = select(HOSTS.c.id).where(HOSTS.c.id == ROW.owner)
        left = select(*_COLUMNS).where(
            ROW.place == text_of(place), ROW.owner != text_of(host), ~living.exists()
        )
        async with self._database.reading() as connection:
            found = (await connection.execute(left.order_by(ROW.id).limit(limit))).all()
        if not found:
            return []
        webhooks = [Webhook(*row) for row in found]
        taking = update(WEBHOOKS).values(owner=text_of(host))
        async with self._database.writing() as connection:
            return [
                webhook
                for webhook in webhooks
                if await changed(
                    connection,
                    taking.where(ROW.id == webhook.number, ROW.owner == webhook.owner),
                )
            ]
