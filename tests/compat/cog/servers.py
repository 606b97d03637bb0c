"""Cog's server, one for each predictor, and our host, one for all predictors of all files."""

from __future__ import annotations

import json
import os
import random
import socket
import subprocess
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.waiting import wait_until

from benchmarks import cog023

from ..hosts import MARK, Host, end
from ..peer import our_program
from ..wire import Answer, Body, json_body
from .make_schemas import PREDICTORS, SCHEMAS

STATES = ("STARTING", "BUSY")
START_SECONDS = 300
"""So many processes start at once."""

_given: set[int] = set()

Json = dict[str, Any]


@dataclass(frozen=True)
class Server:
    """One predictor behind Cog's API.

    Attributes:
        host: what serves it.
        base: the path before Cog's own.
        ours: whether the host is ours.
        asked: what it has been asked: method, path, headers and body of each request.
    """

    host: Host
    base: str
    ours: bool
    asked: list[tuple[str, str, str, bytes]] = field(default_factory=list, compare=False)

    def ask(self, method: str, path: str, body: Any = None, **request: Any) -> Answer:
        """Send a request; a body that is no `Body` is sent as JSON."""
        if isinstance(body, (dict, list)):
            body = json_body(body)
        sent = body if isinstance(body, Body) else Body(b"")
        head = f"{request.get('headers', ())} {sent.content_type} {sent.chunked}"
        self.asked.append((method, path, head, sent.content))
        return self.host.ask(method, self.base + path, body=body, timeout_seconds=30, **request)

    def health(self) -> Json:
        health: Json = self.ask("GET", "/health-check").json()
        return health

    def wait_until_free(self) -> None:
        """Wait until it would take a prediction (or never will).

        Cog tells of the end of a prediction before it takes the next.
        """

        def free() -> bool:
            if self.host.process.poll() is not None:
                raise RuntimeError(f"it ended with {self.host.process.returncode}:\n{self.log}")
            try:
                return self.health()["status"] not in STATES
            except OSError:
                return False

        wait_until(free, f"{self.base or 'Cog'}: readiness", START_SECONDS)

    @property
    def log(self) -> str:
        return self.host.log[-3000:]


def known() -> dict[str, Json]:
    """What Cog says of the predictors, by their sources."""
    read: dict[str, Json] = json.loads(SCHEMAS.read_bytes())
    return read


def of_group(group: str) -> dict[str, Json]:
    """What Cog says of the predictors of one file, by their names."""
    everything = known()
    return {
        source.partition(":")[2]: told
        for source, told in everything.items()
        if source.partition(":")[0] == group
    }


@contextmanager
def ours(groups: Iterable[str], folder: Path) -> Iterator[dict[str, Server]]:
    """Serve all predictors of these files with our host; Cog's API of each, by name.

    Args:
        groups: names of the files, without `.py`.
        folder: for all that the host writes.
    """
    sources = [(group, name) for group in groups for name in of_group(group)]
    names = [name for _, name in sources]
    assert len(names) == len(set(names)), "two predictors of one name"
    with _ended(_start_ours(sources, folder)) as host:
        yield {name: Server(host, f"/cog/{name}", True) for name in names}


@contextmanager
def theirs(
    group: str, folder: Path, settings: Mapping[str, Mapping[str, str]]
) -> Iterator[dict[str, Server]]:
    """Serve each predictor of one file with a Cog of its own; by name.

    Args:
        group: name of the file, without `.py`.
        folder: for all that they write.
        settings: what Cog needs in its environment, by predictor.
    """
    with ExitStack() as stack:
        yield {
            name: Server(
                stack.enter_context(
                    _ended(_start_theirs(group, name, one, folder / name, settings.get(name, {})))
                ),
                "",
                False,
            )
            for name, one in of_group(group).items()
        }


@contextmanager
def _ended(host: Host) -> Iterator[Host]:
    try:
        yield host
    finally:
        end(host)


def _start_ours(sources: list[tuple[str, str]], folder: Path) -> Host:
    port = _free_port()
    models = [f"{name}={PREDICTORS / group}.py:{name}" for group, name in sources]
    options = ["--listen-port", str(port), "--cog-private-urls"]
    return _started([str(our_program()), *options, *models], folder, port, {})


def _start_theirs(
    group: str, name: str, told: Json, folder: Path, settings: Mapping[str, str]
) -> Host:
    port = _free_port()
    post: Json = {"x-cog-streaming": True} if told["streams"] else {}
    document = {
        "openapi": "3.0.2",
        "paths": {"/predictions": {"post": post}},
        "components": {"schemas": told["schemas"]},
    }
    (folder / ".cog").mkdir(parents=True)
    (folder / ".cog/openapi_schema.json").write_text(json.dumps(document))
    own = {
        "PORT": str(port),
        "COG_PREDICT_TYPE_STUB": f"{PREDICTORS / group}.py:{name}",
        # The server looks there for the Python that runs the predictor.
        "PATH": f"{cog023.python().parent}:{os.environ['PATH']}",
    }
    return _started(cog023.command(), folder, port, {**own, **settings})


def _free_port() -> int:
    """A port that nobody listens on, and that no client gets: those are above 32767 (Linux)."""
    while True:
        port = random.randrange(15000, 32000)
        if port in _given:  # Whoever got it may not listen yet.
            continue
        _given.add(port)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def _started(command: list[str], folder: Path, port: int, own: Mapping[str, str]) -> Host:
    (folder / "tmp").mkdir(parents=True)
    mark = uuid.uuid4().hex
    prefixes = ("DEEPAAS", "OS_", "PYTHON", "COG")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(prefixes)}
    environment = {
        **inherited,
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": str(folder / "tmp"),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "XDG_STATE_HOME": str(folder / "state"),
        MARK: mark,
        **own,
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Host(process, port, folder, mark)
