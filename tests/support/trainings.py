"""Trainings of real hosts: where they are kept, and what a client sees of them."""

import contextlib
import json
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import psutil

from . import client
from .host import Host, start_host
from .postgres import server
from .processes import is_reaper
from .waiting import wait_until

FINAL = ("done", "error", "cancelled", "interrupted")
TIMEOUT_SECONDS = 90.0


@dataclass(frozen=True)
class Ground:
    """A state directory and the store that goes with it; both outlive the hosts that use them.

    Attributes:
        state: the `XDG_STATE_HOME` of the hosts.
        url: a PostgreSQL database; empty for SQLite in the state directory.
    """

    state: Path
    url: str = ""

    @property
    def folder(self) -> Path:
        """The state directory itself."""
        return self.state / "deepaas"

    def host(
        self, *options: str, models: tuple[str, ...] = ("trains",), **more: Any
    ) -> AbstractContextManager[Host]:
        """A host that keeps its trainings here."""
        database = ["--database-url", self.url] if self.url else []
        return start_host(models, *database, *options, state=self.state, **more)

    def run(self, sql: str) -> str:
        """Run a statement in the PostgreSQL database; what it prints."""
        return server().run(sql, urlsplit(self.url).path[1:])

    def rows(self) -> dict[str, str]:
        """The state of every run, from the database itself."""
        sql = "SELECT uuid, state FROM deepaas_runs"
        if self.url:
            return dict(line.split("|") for line in self.run(sql).splitlines())
        with contextlib.closing(sqlite3.connect(self.folder / "trainings.sqlite")) as connection:
            return dict(connection.execute(sql).fetchall())

    def folders(self) -> set[str]:
        """What lies in the folder of runs, by name."""
        return {path.name for path in (self.folder / "runs").iterdir()}

    def assert_whole(self) -> None:
        """No run is said to run now that no host is there; each has its folder, and no other."""
        rows = self.rows()
        assert "running" not in rows.values()
        assert self.folders() <= set(rows)


@dataclass(frozen=True)
class Event:
    """One server-sent event.

    Attributes:
        name: what kind it is.
        data: the lines of its data.
        id: what a client that comes back says it has seen last.
        has_id: whether that came with this event, and not with one before.
    """

    name: str
    data: str
    id: str
    has_id: bool

    def json(self) -> Any:
        return json.loads(self.data)


class Stream:
    """Server-sent events as they come."""

    def __init__(self, port: int, path: str, last_id: str = "") -> None:
        headers = {"Accept": "text/event-stream"}
        if last_id:
            headers["Last-Event-ID"] = last_id
        self._connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
        self._connection.request("GET", path, headers=headers)
        self._response: HTTPResponse = self._connection.getresponse()
        self.status = self._response.status
        self._id = ""

    def __enter__(self) -> "Stream":
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    def __iter__(self) -> Iterator[Event]:
        """All events until the host ends the stream."""
        while (event := self.next()) is not None:
            yield event

    def next(self) -> Event | None:
        """The next event, None at the end of the stream."""
        name, data, has_id = "message", [], False
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while line := self._response.readline():
            key, _, value = line.decode().rstrip("\n").partition(": ")
            if key == "event":
                name = value
            elif key == "id":
                self._id, has_id = value, True
            elif key == "data":
                data.append(value)
            elif not key and data:
                return Event(name, "\n".join(data), self._id, has_id)
            # Comments keep the connection busy.
            assert time.monotonic() < deadline, f"no event within {TIMEOUT_SECONDS:g} s"
        return None

    def until(self, name: str, text: str) -> Event:
        """Read on to the event of this name that has this text in it."""
        for event in self:
            if event.name == name and text in event.data:
                return event
        raise AssertionError(f"the stream has ended without {name} {text!r}")

    def leave(self) -> None:
        """Hang up."""
        self._connection.close()


@dataclass(frozen=True)
class Client:
    """A client of the trainings of one model."""

    host: Host
    model: str = "trains"
    base: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "base", f"/v2/models/{self.model}/train/")

    def send(
        self,
        method: str,
        path: str = "",
        *,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> client.Answer:
        """Any request; the whole answer is kept."""
        start = time.monotonic()
        connection = HTTPConnection("127.0.0.1", self.host.port, timeout=TIMEOUT_SECONDS)
        with contextlib.closing(connection):
            connection.request(method, self.base + path, body, headers or {})
            return client.read(connection.getresponse(), start, kept_bytes=2**30)

    def post(self, how: str = "returns", **arguments: Any) -> client.Answer:
        """Ask for a training."""
        return self.send("POST", "?" + urlencode({"how": how, **arguments}))

    def begin(self, how: str = "returns", **arguments: Any) -> str:
        """Ask for a training and get one; its uuid."""
        answer = self.post(how, **arguments)
        assert answer.status == 200, answer.body
        run = answer.json()
        assert run["status"] in ("queued", "running")
        return str(run["uuid"])

    def get(self, run: str) -> dict[str, Any]:
        answer = self.send("GET", run)
        assert answer.status == 200, answer.body
        shown: dict[str, Any] = answer.json()
        assert shown["uuid"] == run
        return shown

    def status(self, run: str) -> str:
        return str(self.get(run)["status"])

    def list(self, **query: Any) -> list[dict[str, Any]]:
        answer = self.send("GET", "?" + urlencode(query) if query else "")
        assert answer.status == 200, answer.body
        runs: list[dict[str, Any]] = answer.json()
        return runs

    def cancel(self, run: str) -> dict[str, Any]:
        answer = self.send("DELETE", run)
        assert answer.status == 200, answer.body
        shown: dict[str, Any] = answer.json()
        assert shown["uuid"] == run
        return shown

    def wait(self, run: str, *states: str) -> dict[str, Any]:
        """Wait until it is in one of these states, or in any final one when none is named."""
        wanted = states or FINAL
        found: list[dict[str, Any]] = []

        def arrived() -> bool:
            found[:] = [self.get(run)]
            status = found[0]["status"]
            assert status in wanted or status not in FINAL, found[0]
            return status in wanted

        wait_until(arrived, f"training {run} is {' or '.join(wanted)}")
        return found[0]

    def wait_running(self, run: str, text: str) -> None:
        """Wait until its code runs."""
        wait_until(lambda: f"begins {text}" in self.host.journal(), f"the training {text} begins")
        assert self.status(run) == "running"

    def log(self, run: str, query: str = "") -> str:
        answer = self.send("GET", f"{run}/logs{query}")
        assert answer.status == 200, answer.body
        return answer.body.decode()

    def files(self, run: str) -> dict[str, bytes]:
        """All that it has written."""
        listed = self.send("GET", f"{run}/files/")
        assert listed.status == 200, listed.body
        found = {}
        for entry in listed.json()["files"]:
            answer = self.send("GET", f"{run}/files/{quote(entry['path'])}")
            assert answer.status == 200, answer.body
            assert answer.size == entry["size"]
            found[entry["path"]] = answer.body
        return found

    def stream(self, run: str, what: str, last_id: str = "") -> Stream:
        """`logs` or `events`, live."""
        return Stream(self.host.port, f"{self.base}{run}/{what}", last_id)


def processes_of_trainings(host: Host) -> list[psutil.Process]:
    """The processes in which the trainings of a host run."""
    found = []
    for process in host.family():
        with contextlib.suppress(psutil.Error):
            if "--training" in process.cmdline() and not is_reaper(process):
                found.append(process)
    return found


def children_of_trainings(host: Host) -> list[psutil.Process]:
    """What the code of trainings has started: programs `sleep`."""
    found = []
    for process in host.family():
        with contextlib.suppress(psutil.Error):
            if process.cmdline() == ["sleep", "3600"]:
                found.append(process)
    return found


def term(host: Host) -> None:
    """Ask a host to go, with nobody watching its health any more."""
    host.watch.stop()
    host.send(signal.SIGTERM)


def at_once(*actions: Any) -> list[Any]:
    """Do all of them at the same moment; what they return."""
    gate = threading.Barrier(len(actions))
    results: list[Any] = [None] * len(actions)

    def act(number: int) -> None:
        gate.wait()
        results[number] = actions[number]()

    threads = [threading.Thread(target=act, args=(number,)) for number in range(len(actions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TIMEOUT_SECONDS)
        assert not thread.is_alive()
    return results
