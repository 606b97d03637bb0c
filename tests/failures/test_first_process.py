"""The host as process 1, as in a container: in a PID namespace of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from support import client, processes
from support.host import COMMAND, expose, free_port
from support.waiting import wait_until


@dataclass
class Container:
    """What is like a container to the host.

    Attributes:
        outside: waits for it, and ends with its exit code.
    """

    outside: "subprocess.Popen[bytes]"
    port: int
    home: Path

    @property
    def first(self) -> psutil.Process:
        """Its process 1."""
        return psutil.Process(self.outside.pid).children()[0]

    def processes(self) -> list[psutil.Process]:
        return psutil.Process(self.outside.pid).children(recursive=True)

    def has_zombies(self) -> bool:
        return any(each.status() == psutil.STATUS_ZOMBIE for each in self.processes())

    def is_ready(self) -> bool:
        assert self.outside.poll() is None, (self.home / "log").read_text()
        try:
            return client.request(self.port, "GET", "/readyz").status == 200
        except OSError:
            return False


@pytest.fixture
def container(tmp_path: Path) -> Iterator[Container]:
    with contained(tmp_path) as container:
        wait_until(container.is_ready, "the host is ready")
        yield container


@contextmanager
def contained(home: Path) -> Iterator[Container]:
    port = free_port()
    models = ["spawns", "gated"]
    (home / "tmp").mkdir()
    environment = {
        **os.environ,
        "PYTHONPATH": expose(models, home / "packages"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "DEEPAAS_TEST_DIR": str(home),
        "TMPDIR": str(home / "tmp"),
        "XDG_STATE_HOME": str(home / "state"),
        "OS_DEFAULT__LISTEN_PORT": str(port),
        "DEEPAAS_V2_MODEL": ",".join(models),
        processes.MARK: str(home),
    }
    # Root may make namespaces; others may where they are allowed to become it in one of theirs.
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    with open(home / "log", "wb") as log:
        outside = subprocess.Popen(
            ["unshare", *user, "--pid", "--fork", "--mount-proc", "--kill-child", COMMAND],
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Container(outside, port, home)
    finally:
        processes.kill_marked(str(home))
        outside.wait(10)


def test_a_life_of_a_container(container: Container) -> None:
    """Orphans are taken away, its health is told, and SIGTERM lets a call finish."""
    assert container.first.memory_info().rss < 20e6
    for _ in range(2):
        path = client.path_of("spawns", {"how": "shell", "die": True})
        assert client.request(container.port, "POST", path).status == 500
    wait_until(container.is_ready, "the worker has been replaced")
    wait_until(lambda: not container.has_zombies(), "nothing that has ended is left")
    assert not [each for each in container.processes() if "sleep" in each.name()]

    assert _health(container).returncode == 0
    assert _health(container, "--ready").returncode == 0
    assert _health(container, base_path="/elsewhere").returncode == 1
    assert _health(container, base_path="no path").returncode == 2
    _assert_lets_a_call_finish(container, signal.SIGTERM)
    told = _health(container)
    assert told.returncode == 1
    assert told.stderr.count("\n") == 1


def test_ctrl_c_lets_a_call_finish(container: Container) -> None:
    _assert_lets_a_call_finish(container, signal.SIGINT)


def _assert_lets_a_call_finish(container: Container, number: int) -> None:
    path = client.path_of("gated", {"label": "last", "gate": "gate"})
    connection = client.send(container.port, path)
    wait_until((container.home / "journal").exists, "the call runs")
    container.first.send_signal(number)
    wait_until(lambda: "stopping" in (container.home / "log").read_text(), "it is about to leave")
    (container.home / "gate").touch()
    assert client.finish(connection, 0).status == 200
    assert container.outside.wait(20) == 0
    assert list((container.home / "tmp").iterdir()) == []


def _health(
    container: Container, *options: str, base_path: str = ""
) -> "subprocess.CompletedProcess[str]":
    environment = {
        "OS_DEFAULT__LISTEN_IP": "0.0.0.0",
        "OS_DEFAULT__LISTEN_PORT": str(container.port),
        "OS_DEFAULT__BASE_PATH": base_path,
    }
    return subprocess.run(
        [sys.executable, "-m", "deepaas.cmd.health", *options],
        env=environment,
        capture_output=True,
        text=True,
    )


def test_the_end_of_the_host_is_the_end(container: Container) -> None:
    (host,) = container.first.children()
    host.kill()
    assert container.outside.wait(20) == 128 + signal.SIGKILL
    wait_until(lambda: not processes.marked(str(container.home)), "nothing is left")
