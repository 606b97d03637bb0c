"""An executor of another package, whose workers share no folder with the host, serves as ours."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import psutil
import pytest
from support.client import Upload, request
from support.grounds import made_ground
from support.host import Host, run_host
from support.trainings import Client
from support.waiting import wait_until

HERE = Path(__file__).parent
ENTRY_POINTS = """
[deepaas.executor]
far = far.executor:far
lost = no_such_module:far
"""
MODEL = "far_sums"
SECONDS = 60


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installed package with the executor."""
    folder = tmp_path_factory.mktemp("packages")
    info = folder / "far_executor-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: far-executor\nVersion: 1\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    shutil.copytree(HERE / "far", folder / "far", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(HERE / "packages" / f"{MODEL}.py", folder)
    return folder


@pytest.fixture(scope="module")
def host(packages: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with (
        made_ground("sqlite", tmp_path_factory.mktemp("ground")) as ground,
        ground.host(
            "--no-ui", "--executor", "far", models=(MODEL, "trains"), packages=packages
        ) as host,
    ):
        yield host


def ask(host: Host, **arguments: Any) -> Any:
    """Make a prediction with a JSON body."""
    connection = HTTPConnection("127.0.0.1", host.port, timeout=SECONDS)
    body, headers = json.dumps(arguments), {"Content-Type": "application/json"}
    connection.request("POST", f"/v2/models/{MODEL}/predict/", body, headers)
    response = connection.getresponse()
    return response.status, json.loads(response.read())


def test_the_worker_is_not_one_of_the_host(host: Host) -> None:
    status, answer = ask(host, texts=["a", "b"])
    assert status == 200
    assert answer["predictions"]["texts"] == ["b", "a"]
    above = [each.pid for each in psutil.Process(answer["predictions"]["pid"]).parents()]
    machines = [each for each in host.family() if "far.machine" in each.cmdline()]
    assert len(machines) == 2
    assert len({each.pid for each in machines} & set(above)) == 1


def test_a_large_body_and_a_large_result_are_carried(host: Host) -> None:
    texts = [f"{number} " * 100 for number in range(10_000)]
    status, answer = ask(host, texts=texts)
    assert status == 200
    assert answer["predictions"]["texts"] == texts[::-1]
    wait_until(lambda: host.temporary_files() == [], "nothing stays behind")


def test_a_large_file_is_carried_to_a_place_of_the_machine(host: Host) -> None:
    size = 5 * 2**20 + 1
    answer = host.predict(MODEL, upload=Upload(size))
    assert answer.status == 200
    predictions = answer.json()["predictions"]
    assert predictions["size"] == size
    assert "/far-" in predictions["where"]
    wait_until(lambda: host.temporary_files() == [], "the copies are removed as well")


def test_what_a_model_prints_is_in_the_log(host: Host) -> None:
    assert ask(host, texts=["x"] * 7)[0] == 200
    wait_until(lambda: "[far_sums/1] got 7 texts" in host.log(), "it is in the log")


def test_a_call_whose_client_leaves_is_cancelled(host: Host) -> None:
    (host.home / "begun").unlink(missing_ok=True)
    connection = HTTPConnection("127.0.0.1", host.port, timeout=SECONDS)
    connection.request("POST", f"/v2/models/{MODEL}/predict/?how=waits")
    wait_until((host.home / "begun").exists, "it waits")
    connection.close()
    wait_until((host.home / "left").exists, "it is interrupted")
    assert ask(host)[0] == 200


def test_one_that_dies_is_replaced(host: Host) -> None:
    answer = host.predict(MODEL, how="dies")
    assert answer.status == 500
    wait_until(lambda: "exited with code 7" in host.log(), "the log tells how")
    assert ask(host)[0] == 200


def test_a_machine_that_is_lost_is_replaced(host: Host) -> None:
    pid = ask(host)[1]["predictions"]["pid"]
    worker = psutil.Process(pid)
    (folder,) = re.findall(r"--spool=.*/(far-\w+)/", " ".join(worker.cmdline()))
    (machine,) = [each for each in worker.parents() if "far.machine" in each.cmdline()]
    (host.home / "begun").unlink(missing_ok=True)
    call = host.begin(MODEL, how="waits")
    wait_until((host.home / "begun").exists, "it waits")
    machine.kill()
    assert call.result(SECONDS).status == 500
    wait_until(lambda: not psutil.pid_exists(pid), "the worker has gone with its machine")
    shutil.rmtree(host.tmp / folder)  # A machine that is lost does not tidy up.
    assert ask(host)[0] == 200


def test_a_training_gets_its_file(host: Host) -> None:
    size = 3 * 2**20 + 1
    answer = request(host.port, "POST", "/v2/models/trains/train/?how=file", upload=Upload(size))
    assert answer.status == 200
    ended = Client(host).wait(answer.json()["uuid"], "done")
    assert ended["result"]["output"]["size"] == size


def test_a_training_gives_back_what_it_writes(host: Host) -> None:
    client = Client(host)
    written = client.wait(client.begin("writes", text="far away", count=3), "done")
    assert "/far-" in written["result"]["output"]["directory"]
    assert client.files(written["uuid"]) == {f"{n}.txt": b"far away" for n in range(3)}


def test_a_large_result_of_a_training_is_carried(host: Host) -> None:
    client = Client(host)
    large = client.wait(client.begin("large", count=200_000), "done")
    assert len(large["result"]["output"]["text"]) == 200_000


def test_a_training_that_is_cancelled_saves_what_it_has(host: Host) -> None:
    client = Client(host)
    run = client.begin("keeps", text="k")
    wait_until(lambda: "ready k" in host.journal(), "it runs")
    wait_until(lambda: client.files(run) == {"begun": b"k"}, "what it writes is seen meanwhile")
    client.cancel(run)
    assert client.wait(run)["status"] == "cancelled"
    assert client.files(run) == {"begun": b"k", "checkpoint": b"saved"}
    assert "saved" in client.log(run)


def test_a_training_sees_that_it_is_cancelled_and_tells_its_progress(host: Host) -> None:
    client = Client(host)
    run = client.begin("saves")
    wait_until(lambda: client.get(run).get("progress", {}).get("message") == "working", "it works")
    client.cancel(run)
    client.wait(run, "cancelled")
    assert "checkpoint" in client.files(run)


def test_one_that_does_not_listen_is_ended(host: Host) -> None:
    client = Client(host)
    run = client.begin("ignores", text="i")
    wait_until(lambda: "ready i" in host.journal(), "it runs")
    start = time.monotonic()
    client.cancel(run)
    client.wait(run, "cancelled")
    assert time.monotonic() - start > 4  # The grace.
    assert client.files(run) == {"begun": b"i"}


@pytest.mark.parametrize(
    "name,complaint",
    [
        ("nowhere", "unknown executor 'nowhere'; installed: far, local, lost"),
        ("lost", "the executor 'lost' cannot be loaded: No module named 'no_such_module'"),
    ],
)
def test_who_cannot_be_had(packages: Path, name: str, complaint: str) -> None:
    ended = run_host(["plain"], "--executor", name, packages=packages)
    assert ended.returncode == 1
    assert ended.output.splitlines()[-1] == f"deepaas-run: {complaint}"
