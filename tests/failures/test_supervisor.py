"""What systemd is told, over a real datagram socket, and what SIGHUP does."""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from support.host import Host, start_host
from support.waiting import wait_until


class Systemd:
    def __init__(self, path: Path) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind(str(path))
        self.sock.settimeout(30)
        self.lines: list[str] = []

    def wait_for(self, line: str) -> None:
        """Receive until a line of a message begins like this."""
        while not any(one.startswith(line) for one in self.lines):
            self.lines += self.sock.recv(4096).decode().splitlines()

    def forget(self) -> None:
        self.lines.clear()


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Systemd]:
    told = Systemd(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setenv("WATCHDOG_USEC", "200000")
    with closing(told.sock):
        yield told


def test_the_life_of_a_host(systemd: Systemd) -> None:
    with start_host(["gated"], wait=False) as host:
        systemd.wait_for("EXTEND_TIMEOUT_USEC=30000000")
        systemd.wait_for("WATCHDOG=1")
        systemd.wait_for("READY=1")
        assert host.is_ready()
        systemd.forget()
        systemd.wait_for("WATCHDOG=1")
        assert not any(line.startswith("EXTEND") for line in systemd.lines)
        _reloads(host, systemd)
        # Its workers must not report in its name.
        for process in host.family():
            if process.pid != host.process.pid:
                assert "NOTIFY_SOCKET" not in process.environ()
        systemd.forget()
        host.watch.stop()
        host.send(signal.SIGTERM)
        systemd.wait_for("STOPPING=1")
        assert host.wait(20) == 0


def _reloads(host: Host, systemd: Systemd) -> None:
    systemd.forget()
    host.send(signal.SIGHUP)
    systemd.wait_for("MONOTONIC_USEC=")
    systemd.wait_for("READY=1")
    assert systemd.lines.index("RELOADING=1") < systemd.lines.index("READY=1")
    host.wait_for_log("SIGHUP: done")
    assert host.is_ready()


def test_a_hung_loop_is_not_alive(systemd: Systemd) -> None:
    with start_host([], wait=False) as host:
        systemd.wait_for("WATCHDOG=1")
        os.kill(host.process.pid, signal.SIGSTOP)
        wait_until(lambda: _is_silent(systemd), "no more is told")
        os.kill(host.process.pid, signal.SIGCONT)
        systemd.wait_for("WATCHDOG=1")


def _is_silent(systemd: Systemd) -> bool:
    systemd.forget()
    systemd.sock.settimeout(1)
    try:
        while True:
            systemd.sock.recv(4096)
    except TimeoutError:
        return True
    finally:
        systemd.sock.settimeout(30)
