"""No thread and no process can be started any more: a limit of the user, as `ulimit -u` sets it."""

from __future__ import annotations

import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from support import client
from support import host as hosts
from support.host import Host, start_host
from support.waiting import wait_until

USER = 61_234
"""Of nobody else: the kernel counts what a user has, and lets root have what it likes."""

AS_USER = """#!/bin/sh
exec setpriv --reuid={user} --clear-groups --inh-caps={may} --ambient-caps={may} \\
  --bounding-set=-sys_resource,-sys_admin {command} "$@"
"""
MAY = "+dac_override,+dac_read_search,+fowner,+chown,+kill,+sys_ptrace"


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    """One of a user of its own."""
    command = tmp_path / "deepaas-run"
    command.write_text(AS_USER.format(user=USER, may=MAY, command=hosts.COMMAND))
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(hosts, "COMMAND", str(command))
    with start_host(["echo", "trains"]) as host:
        yield host


def limit(host: Host, count: str) -> None:
    """Set the soft limit; only the user itself may."""
    user = ["setpriv", f"--reuid={USER}", "--clear-groups"]
    subprocess.run([*user, "prlimit", f"--pid={host.process.pid}", f"--nproc={count}:"], check=True)


def test_without_threads_and_processes(host: Host) -> None:
    assert psutil.Process(host.process.pid).uids().real == USER
    limit(host, "1")
    # Everything that begins a process, and what reads and writes files in threads.
    pages = ("/try-me/echo/", "/try-me/", "/tensorboard/", "/tensorboard/data/logdir")
    asked = [(path, client.request(host.port, "GET", path)) for path in pages]
    for path in ("/v2/models/echo/predict/", "/models/echo/predictions"):
        upload = client.Upload(2**20, name="data")
        asked.append((path, client.request(host.port, "POST", path, upload=upload)))
    for path, answer in asked:
        assert answer.status < 500 or answer.status == 503, (path, answer.status, answer.body)
        if answer.status == 503:
            assert answer.json()["error"] == "out_of_processes", path
            assert int(answer.headers["retry-after"]) >= 1
            assert "cannot start more threads or processes" in answer.json()["message"]
    statuses = [answer.status for path, answer in asked if "predict" not in path]
    assert statuses == [503] * 4
    assert "internal error" not in host.log()
    # And all is well when there are some again.
    limit(host, "4096")
    wait_until(lambda: host.get("/try-me/echo/config").status == 200, "the page answers")
    assert host.get("/tensorboard/data/logdir").status == 200
