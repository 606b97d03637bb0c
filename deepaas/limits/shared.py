"""Shares what is used of the limits between hosts with one PostgreSQL database.

No call waits for the database. Each host decides by what it knows, and exchanges with the others
what has been used since, a few times a second and only while there are calls. So hosts together
let through a little more than a limit: what comes to the others within ``EXCHANGE_SECONDS``.
Without the database each host goes on with its own counts, and logs that.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator, Mapping

from sqlalchemy import text

from deepaas.errors import DeepaasError
from deepaas.limits.limiter import Limiter
from deepaas.limits.policies import AtOnce, Policy, Quota
from deepaas.training.store_database import Database

_log = logging.getLogger(__name__)

EXCHANGE_SECONDS = 0.2
RETRY_SECONDS = 2.0

ALIVE_SECONDS = 5.0
"""Calls of a host that has not told of itself for so long have ended with it."""

REMOVE_SECONDS = 60.0
"""How often rows that say nothing any more are removed."""

_TABLES = (
    # Unlogged: faster, and after a crash of the database nobody minds that all is unused.
    "CREATE UNLOGGED TABLE IF NOT EXISTS limits_used"
    " (who text PRIMARY KEY, full_at double precision NOT NULL)",
    "CREATE UNLOGGED TABLE IF NOT EXISTS limits_running"
    " (who text, host text, count integer NOT NULL, seen_at double precision NOT NULL,"
    " PRIMARY KEY (who, host))",
)
_LOCK = "SELECT pg_advisory_xact_lock(7245873910245)"
"""Two hosts that create a table at once would fail."""

_NOW = "extract(epoch FROM now())::double precision"
"""The clock of the database, the same for a whole statement."""

_USE = text(
    "INSERT INTO limits_used AS old (who, full_at)"
    f" SELECT who, {_NOW} + seconds"
    " FROM unnest(cast(:who AS text[]), cast(:seconds AS double precision[])) AS new (who, seconds)"
    " ORDER BY who"  # The same order everywhere, so that hosts do not lock each other out.
    f" ON CONFLICT (who) DO UPDATE SET full_at = greatest(old.full_at, {_NOW})"
    f" + excluded.full_at - {_NOW}"
    f" RETURNING who, full_at - {_NOW}"
)
_RUN = text(
    "INSERT INTO limits_running AS old (who, host, count, seen_at)"
    f" SELECT who, :host, count, {_NOW}"
    " FROM unnest(cast(:who AS text[]), cast(:counts AS integer[])) AS new (who, count)"
    " ON CONFLICT (who, host) DO UPDATE SET count = excluded.count, seen_at = excluded.seen_at"
)
_OTHERS = text(
    "SELECT who, sum(count) FROM limits_running"
    " WHERE who = ANY(cast(:who AS text[])) AND host <> :host"
    f" AND seen_at > {_NOW} - :alive GROUP BY who"
)
_REMOVE_USED = text(f"DELETE FROM limits_used WHERE full_at < {_NOW}")
_REMOVE_RUNNING = text(f"DELETE FROM limits_running WHERE count = 0 OR seen_at < {_NOW} - :alive")


class SharedCounts:
    def __init__(self, limiter: Limiter, url: str, host: str) -> None:
        """``host`` names this host among the others. Raises ``ConfigError`` for a wrong URL."""
        self._limiter = limiter
        self._database = Database(url)
        self._host = host
        self._told: dict[str, int] = {}
        self._told_at = self._removed_at = 0.0
        self._is_ready = self._is_away = False
        for quota in self._quotas():
            quota.take_unshared()  # From here on they collect it.

    async def run(self) -> None:
        """Exchange counts until cancelled."""
        try:
            while True:
                await self._try()
                await asyncio.sleep(RETRY_SECONDS if self._is_away else EXCHANGE_SECONDS)
        finally:
            await self._database.close()

    async def _try(self) -> None:
        try:
            await self.exchange()
        except DeepaasError as error:
            if not self._is_away:
                _log.warning("limits are counted by this host alone: %s", error.message)
            self._is_away = True
            self._forget_others()
        else:
            if self._is_away:
                _log.info("limits are shared with other hosts again")
            self._is_away = False

    async def exchange(self) -> None:
        """Tell the others, and learn from them; raises ``DeepaasError``."""
        if not self._is_ready:
            async with self._database.writing() as connection:
                await connection.execute(text(_LOCK))
                for statement in _TABLES:
                    await connection.execute(text(statement))
            self._is_ready = True
        await self._exchange_used()
        await self._exchange_running()
        now = time.monotonic()
        if now - self._removed_at > REMOVE_SECONDS:
            self._removed_at = now
            async with self._database.writing() as connection:
                await connection.execute(_REMOVE_USED)
                await connection.execute(_REMOVE_RUNNING.bindparams(alive=ALIVE_SECONDS))

    async def _exchange_used(self) -> None:
        taken = {quota: quota.take_unshared() for quota in self._quotas()}
        sent: dict[str, tuple[Quota, str]] = {}
        seconds: list[float] = []
        now = time.monotonic()
        for quota, used in taken.items():
            for who, used_seconds in used.items():
                sent[_name(quota, who)] = quota, who
                # After a time without the database, most of it has flowed back.
                seconds.append(min(used_seconds, quota.used_seconds(who, now)))
        if not sent:
            return
        try:
            async with self._database.writing() as connection:
                using = _USE.bindparams(who=list(sent), seconds=seconds)
                rows = (await connection.execute(using)).all()
        except BaseException:
            for quota, used in taken.items():
                quota.put_back_unshared(used)
            raise
        now = time.monotonic()
        for name, full_in in rows:
            quota, who = sent[name]
            quota.learn(who, full_in, now)

    async def _exchange_running(self) -> None:
        gates = [policy for policy in self._limiter.all() if isinstance(policy, AtOnce)]
        running = {_name(gate, who): n for gate in gates for who, n in gate.running.items()}
        asked = {
            _name(gate, who): (gate, who)
            for gate in gates
            for who in (*gate.running, *gate.elsewhere)
        }
        now = time.monotonic()
        is_due = now - self._told_at > ALIVE_SECONDS / 4
        changed = {
            name: running.get(name, 0)
            for name in running | self._told
            if is_due or running.get(name) != self._told.get(name)
        }
        if not changed and not asked:
            return
        async with self._database.writing() as connection:
            if changed:
                names = sorted(changed)
                counts = [changed[name] for name in names]
                await connection.execute(_RUN.bindparams(who=names, counts=counts, host=self._host))
            others = _OTHERS.bindparams(who=list(asked), host=self._host, alive=ALIVE_SECONDS)
            rows = (await connection.execute(others)).all()
        self._told = running
        if is_due:
            self._told_at = now
        found: Mapping[str, int] = {name: int(count) for name, count in rows if count}
        for name, (gate, who) in asked.items():
            if name in found:
                gate.elsewhere[who] = found[name]
            else:
                gate.elsewhere.pop(who, None)

    def _quotas(self) -> Iterator[Quota]:
        return (policy for policy in self._limiter.all() if isinstance(policy, Quota))

    def _forget_others(self) -> None:
        for policy in self._limiter.all():
            if isinstance(policy, AtOnce):
                policy.elsewhere.clear()


def _name(policy: Policy, who: str) -> str:
    """Hosts that are configured differently do not mix their counts."""
    return f"{policy.described} {who}"
