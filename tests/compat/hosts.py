"""Hosts in real processes: started, waited for, asked, and gone afterwards with all they began."""

from __future__ import annotations

import json
import os
import signal
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote, urlencode

import psutil
from support import prepared
from support.host import free_port
from support.processes import send_to_all
from support.waiting import wait_until

from .installed import install
from .peer import our_program
from .wire import Answer, Body, ask, json_body

START_SECONDS = 60
MARK = "COMPAT_HOST"


@dataclass(frozen=True)
class Host:
    process: prepared.Process
    port: int
    folder: Path
    mark: str

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def ask(self, method: str, target: str, **request: Any) -> Answer:
        return ask(self.port, method, target, **request)

    def get(self, target: str, **request: Any) -> Answer:
        return self.ask("GET", target, **request)

    def predict(
        self,
        model: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        body: Body | None = None,
        **request: Any,
    ) -> Answer:
        if arguments is not None:
            body = json_body(arguments)
        target = f"/v2/models/{quote(model)}/predict/"
        if query:
            target += "?" + urlencode(query)
        return self.ask("POST", target, body=body, **request)

    def train(
        self,
        model: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Body | None = None,
        **request: Any,
    ) -> Answer:
        target = f"/v2/models/{quote(model)}/train/"
        if query:
            target += "?" + urlencode(query)
        return self.ask("POST", target, body=body, **request)

    def family(self) -> list[psutil.Process]:
        """Every living process that this host's start brought about, whatever its parent is now."""
        return [process for process in psutil.process_iter() if self._bears_mark(process)]

    def _bears_mark(self, process: psutil.Process) -> bool:
        try:
            return (
                process.status() != psutil.STATUS_ZOMBIE
                and process.environ().get(MARK) == self.mark
            )
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return False

    def temporary_files(self) -> list[str]:
        # Not rglob: that fails when a folder goes while it looks.
        return sorted(
            str(Path(folder, name))
            for folder, _, names in os.walk(self.folder / "tmp")
            for name in names
        )


class Serve(Protocol):
    """Starts a host with models of these names."""

    def __call__(
        self, *models: str, options: tuple[str, ...] = (), base_path: str = ""
    ) -> Host: ...


def wait_until_ended(host: Host, target: str, seconds: float = 30) -> dict[str, Any]:
    """Waits for the end of a training, and tells what is to be seen of it then.

    DEEPaaS answers 500 where it cannot tell, which is an end as well.
    """
    told: dict[str, Any] = {}

    def ended() -> bool:
        answer = host.get(target)
        told.clear()
        if answer.status == 200:
            told.update(json.loads(answer.content))  # DEEPaaS's may have NaN in it.
        return told.get("status") not in {"queued", "running"}

    wait_until(ended, f"the end of {target}", seconds)
    return told


def launch(
    program: Path,
    models: Mapping[str, str],
    folder: Path,
    *options: str,
    environment: Mapping[str, str] | None = None,
) -> Host:
    """Starts a host that serves these entry points, without waiting for it."""
    python_path = install(models, folder / "site")
    for name in ("tmp", "work"):
        (folder / name).mkdir(parents=True)
    port = free_port()
    mark = uuid.uuid4().hex
    # None of the caller's settings reach the host.
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DEEPAAS", "OS_", "PYTHON"))
    }
    own = {
        "PYTHONPATH": python_path,
        "TMPDIR": str(folder / "tmp"),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "XDG_STATE_HOME": str(folder / "state"),
        MARK: mark,
    }
    if program == our_program():
        # Beside them demo_app is installed. DEEPaaS 2.6.0 has no word for several models, and no
        # other in its environment.
        own["DEEPAAS_V2_MODEL"] = ",".join(models)
    with (folder / "log").open("wb") as log:
        process = prepared.start(
            [program, "--listen-port", str(port), *options],
            environment=inherited | own | dict(environment or {}),
            folder=folder / "work",
            output=log.fileno(),
        )
    return Host(process, port, folder, mark)


def wait_until_ready(host: Host, base_path: str = "", seconds: float = START_SECONDS) -> None:
    def ready() -> bool:
        if host.process.poll() is not None:
            raise RuntimeError(
                f"the host ended with {host.process.returncode}:\n{host.log[-3000:]}"
            )
        try:
            # DEEPaaS does not have this page, and answers once all models are warm.
            return host.get(f"{base_path}/readyz").status in {200, 404}
        except OSError:
            return False

    try:
        wait_until(ready, "the host's readiness", seconds)
    except AssertionError as error:
        raise AssertionError(f"{error}\n{host.log[-3000:]}") from None


def end(host: Host) -> None:
    """Kills whatever is left, by process id, until nothing is."""

    def all_killed() -> bool:
        family = host.family()
        send_to_all(family, signal.SIGKILL)
        return not family

    wait_until(all_killed, "all processes have ended", 60)
    host.process.wait()


@contextmanager
def serving(
    program: Path, models: Mapping[str, str], folder: Path, *options: str, **settings: Any
) -> Iterator[Host]:
    with started(program, models, folder, *options, **settings) as host:
        wait_until_ready(host)
        yield host


@contextmanager
def started(
    program: Path, models: Mapping[str, str], folder: Path, *options: str, **settings: Any
) -> Iterator[Host]:
    """A host that need not be ready, and is gone afterwards."""
    host = launch(program, models, folder, *options, **settings)
    try:
        yield host
    finally:
        end(host)
