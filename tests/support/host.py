"""Starts real hosts with the models of `tests/models`, and sees to it that nothing stays behind."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any

import psutil

from . import client, prepared, processes
from .waiting import wait_until
from .watch import Watch

MODELS = Path(__file__).resolve().parent.parent / "models"
COMMAND = os.environ.get("DEEPAAS_RUN", str(prepared.PROGRAM))
MAX_PEAK_MB = 110.0


@dataclass
class Host:
    """A running host.

    Attributes:
        home: the test's folder; models see it as `DEEPAAS_TEST_DIR`.
        tmp: the host's `TMPDIR`.
        mark: stands in the environment of every process that the host starts.
    """

    port: int
    process: prepared.Process
    home: Path
    tmp: Path
    mark: str
    watch: Watch
    threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(64))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def log(self) -> str:
        return (self.home / "log").read_text(errors="replace")

    def wait_for_log(self, text: str, since: int = 0) -> None:
        """Wait until the log tells it, behind so many characters: a thread writes it."""
        wait_until(lambda: text in self.log()[since:], f"the log has {text!r}")

    def get(self, path: str, **options: Any) -> client.Answer:
        return client.request(self.port, "GET", path, **options)

    def predict(
        self,
        model: str,
        *,
        upload: client.Upload | None = None,
        headers: dict[str, str] | None = None,
        timeout: float = 60,
        **arguments: Any,
    ) -> client.Answer:
        path = client.path_of(model, arguments)
        return client.request(
            self.port, "POST", path, upload=upload, headers=headers, timeout=timeout
        )

    def begin(self, model: str, **options: Any) -> "Future[client.Answer]":
        """Send a call; its answer comes later. When this returns, the request is on its way."""
        upload = options.pop("upload", None)
        connection = client.send(self.port, client.path_of(model, options), upload)
        start = time.monotonic()
        return self.threads.submit(client.finish, connection, start)

    def is_ready(self) -> bool:
        try:
            return self.get("/readyz").status == 200
        except (OSError, HTTPException):
            return False

    def is_closed(self) -> bool:
        """Whether connections are refused."""
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
        except ConnectionRefusedError:
            return True
        except OSError:
            return False
        return False

    def wait_until_ready(self) -> None:
        wait_until(lambda: self.is_ready() or self._has_ended(), "/readyz answers 200")
        assert not self._has_ended(), f"the host ended with {self.process.returncode}"

    def readiness(self, model: str) -> dict[str, Any]:
        found = self.get("/readyz").json()["models"][model]
        assert isinstance(found, dict)
        return found

    def journal(self) -> list[str]:
        """What the models `gated`, `blocks` and `spawns` have noted about their calls."""
        path = self.home / "journal"
        return path.read_text().splitlines() if path.exists() else []

    def touch(self, name: str) -> None:
        """Make a file that a model waits for."""
        (self.home / name).touch()

    def settle(self) -> None:
        """Let the host read all that has been sent to it so far."""
        for _ in range(5):
            assert self.get("/healthz").status == 200

    def family(self) -> list[psutil.Process]:
        """The host, its workers, and whatever they started."""
        return processes.marked(self.mark)

    def temporary_files(self) -> list[Path]:
        """Uploads and results that lie on disk (the host's lock and sockets do not count)."""
        # Not rglob: that fails when a folder goes while it looks.
        return [
            path
            for folder, _, names in os.walk(self.tmp)
            for name in names
            if name != "lock" and not (path := Path(folder, name)).is_socket()
        ]

    def open_files(self) -> list[str]:
        """The temporary files that it has open, with those that have no name any more."""
        found = []
        for path in Path(f"/proc/{self.process.pid}/fd").iterdir():
            with suppress(OSError):
                target = os.readlink(path)  # noqa: PTH115 - to what is no path
                if target.startswith(str(self.tmp)):
                    found.append(target)
        return sorted(found)

    def send(self, number: int) -> None:
        self.process.send_signal(number)

    def wait(self, seconds: float) -> int:
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the host still runs after {seconds:g} s") from None

    def stop(self, number: int = signal.SIGTERM, seconds: float = 20) -> int:
        """Ask it to go; its exit code."""
        self.watch.stop()
        self.send(number)
        return self.wait(seconds)

    def kill_9(self) -> None:
        """End it without warning; all that it has started must go with it."""
        self.watch.stop()
        self.send(signal.SIGKILL)
        self.wait(5)
        _assert_no_process(self.mark)
        # Nobody was there to remove its temporary files; the next start does.
        shutil.rmtree(self.tmp)
        self.tmp.mkdir()

    def _has_ended(self) -> bool:
        return self.process.poll() is not None


@contextmanager
def start_host(
    models: Iterable[str],
    *options: str,
    tmp: Path | None = None,
    state: Path | None = None,
    packages: Path | None = None,
    wait: bool = True,
    max_peak_mb: float = MAX_PEAK_MB,
    open_files: tuple[int, int] | None = None,
    output: int | None = None,
    executed: bool = False,
    port: int | None = None,
) -> Iterator[Host]:
    """A host that serves `models`.

    When the test has been content, so must this be: `/healthz` has always answered 200, the
    host has stayed small, SIGTERM ends it with 0 (unless the test has ended it already), no
    process is left, and the temporary folder is empty.

    Args:
        models: module names of `tests/models`, which are the model names too.
        options: more options for the command line.
        tmp: a `TMPDIR` to share with other hosts; its own by default.
        state: an `XDG_STATE_HOME` to share with other hosts, or to survive this one.
        packages: a folder to import models from besides `tests/models`.
        wait: return only when `/readyz` answers 200.
        max_peak_mb: how much memory the host may ever take.
        open_files: soft and hard limit of its descriptors.
        output: a descriptor for its standard output and error, instead of the log.
        executed: see `prepared.start`.
        port: for options that name it; a free one by default.
    """
    home = Path(tempfile.mkdtemp(prefix="deepaas-test-"))
    mark = uuid.uuid4().hex
    own_tmp = home / "tmp"
    own_tmp.mkdir()
    port = port or free_port()
    process = _spawn(
        models,
        options,
        port,
        home,
        tmp or own_tmp,
        mark,
        state,
        packages,
        open_files,
        output,
        executed,
    )
    host = Host(port, process, home, tmp or own_tmp, mark, Watch(port, process.pid))
    try:
        wait_until(lambda: _answers(host), "the host listens")
        host.watch.start()
        if wait:
            host.wait_until_ready()
        yield host
        _leave(host, shared=tmp is not None, max_peak_mb=max_peak_mb)
    except BaseException:
        print(f"--- log of the host\n{_shorten(host.log())}\n---", file=sys.stderr)
        raise
    finally:
        host.watch.stop()
        processes.kill_marked(mark)
        process.wait()
        host.threads.shutdown(cancel_futures=True)
        shutil.rmtree(home, ignore_errors=True)


@dataclass(frozen=True)
class Ended:
    """A host that has ended by itself."""

    returncode: int
    output: str


def run_host(
    models: Iterable[str], *options: str, seconds: float = 30, packages: Path | None = None
) -> Ended:
    """Start a host that is expected to end by itself; nothing of it may stay."""
    home = Path(tempfile.mkdtemp(prefix="deepaas-test-"))
    mark = uuid.uuid4().hex
    tmp = home / "tmp"
    tmp.mkdir()
    process = _spawn(models, options, free_port(), home, tmp, mark, packages=packages)
    try:
        try:
            returncode = process.wait(seconds)
        except subprocess.TimeoutExpired:
            output = (home / "log").read_text(errors="replace")
            raise AssertionError(f"the host still runs after {seconds:g} s: {output}") from None
        _assert_nothing_left(mark, tmp)
        return Ended(returncode, (home / "log").read_text(errors="replace"))
    finally:
        processes.kill_marked(mark)
        process.wait()
        shutil.rmtree(home, ignore_errors=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def expose(models: Iterable[str], folder: Path) -> str:
    """Write a `.dist-info` that offers the models; returns the `PYTHONPATH` to find it."""
    info = folder / "test_models-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: test-models\nVersion: 1\n")
    lines = ["[deepaas.v2.model]", *(f"{name} = {name}" for name in models), ""]
    (info / "entry_points.txt").write_text("\n".join(lines))
    return f"{folder}:{MODELS}"


def _spawn(
    models: Iterable[str],
    options: Iterable[str],
    port: int,
    home: Path,
    tmp: Path,
    mark: str,
    state: Path | None = None,
    packages: Path | None = None,
    open_files: tuple[int, int] | None = None,
    output: int | None = None,
    executed: bool = False,
) -> prepared.Process:
    models = list(models)
    names = [option for name in models for option in ("--model-name", name)]
    command = [COMMAND, "--listen-ip", "127.0.0.1", "--listen-port", str(port), *names, *options]
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DEEPAAS_", "OS_DEFAULT", "PYTEST", "COV"))
    }
    environment |= {
        "PYTHONPATH": f"{expose(models, home / 'packages')}:{packages or ''}".rstrip(":"),
        "TMPDIR": str(tmp),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_STATE_HOME": str(state or home / "state"),
        "DEEPAAS_TEST_DIR": str(home),
        processes.MARK: mark,
    }
    if packages is None:  # Who edits a package has its bytecode lying around.
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
    with open(home / "log", "wb") as log:
        return prepared.start(
            command,
            environment=environment,
            folder=home,
            output=log.fileno() if output is None else output,
            open_input=True,  # who reads it waits for ever
            open_files=open_files,
            executed=executed,
        )


def _answers(host: Host) -> bool:
    assert host.process.poll() is None, f"the host ended with {host.process.returncode}"
    try:
        return host.get("/healthz").status == 200
    except (OSError, HTTPException):
        return False


def _leave(host: Host, *, shared: bool, max_peak_mb: float) -> None:
    if host.process.poll() is None:
        host.watch.ask_once_more()
        peak = processes.peak_mb(host.process.pid)
        assert host.stop() == 0, f"SIGTERM ended the host with {host.process.returncode}"
        assert peak < max_peak_mb, f"the host has taken {peak:.0f} MB"
    host.watch.stop()
    assert host.watch.complaints == [], host.watch.complaints
    _assert_nothing_left(host.mark, None if shared else host.tmp)


def _assert_no_process(mark: str) -> None:
    try:
        wait_until(lambda: not processes.marked(mark), "all processes have gone", 5)
    except AssertionError:
        left = processes.describe(processes.marked(mark))
        raise AssertionError(f"processes are left: {left}") from None


def _assert_nothing_left(mark: str, tmp: Path | None) -> None:
    _assert_no_process(mark)
    if tmp is not None:
        left_files = [str(path.relative_to(tmp)) for path in tmp.rglob("*")]
        assert left_files == [], f"the temporary folder is not empty: {left_files}"


def _shorten(text: str) -> str:
    return text if len(text) < 8000 else f"{text[:3000]}\n[…]\n{text[-5000:]}"
