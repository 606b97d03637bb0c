"""`--reload`: source code that is edited while the model is used."""

import itertools
import json
import os
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from support.client import path_of
from support.host import Host, start_host
from support.shape import assert_failure
from support.storm_size import Size
from support.waiting import wait_until

MODEL = "edited"
PAUSE_SECONDS = 0.005
"""Of clients, so that they leave something of the machine to the workers that are loaded."""
CODE = """
import json, os, pathlib, time
from webargs import fields

FOLDER = pathlib.Path(os.environ["DEEPAAS_TEST_DIR"])
HERE = pathlib.Path(__file__).parent
VERSION = {version}
(FOLDER / f"loading-{{VERSION}}-{{os.getpid()}}").touch()
while {gate!r} and not (FOLDER / {gate!r}).exists():
    time.sleep(0.01)
{more}

def get_metadata():
    return {{"name": "edited", "version": str(VERSION)}}

def get_predict_args():
    return {{
        "gate": fields.Str(missing=""),
        "started": fields.Str(missing=""),
        "crash": fields.Bool(missing=False),
        {arguments}
    }}

get_train_args = get_predict_args

def predict(gate, started, crash, **others):
    if crash:
        os._exit(3)
    if started:
        (FOLDER / started).touch()
    while gate and not (FOLDER / gate).exists():
        time.sleep(0.01)
    return {{"version": VERSION, "pid": os.getpid(), **others}}

def train(**arguments):
    return predict(**arguments)
"""


class Package:
    """The package that is edited.

    Each version has a number, and all have the same length.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / MODEL
        self.version = 100

    def save(self, *, gate: str = "", arguments: str = "", more: str = "") -> int:
        """Save the next version; its number."""
        self.version += 1
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "__init__.py").touch()
        text = CODE.format(version=self.version, gate=gate, arguments=arguments, more=more)
        # As many editors do: a reader sees the one or the other.
        new = self.folder / ".api.py.new"
        new.write_text(text)
        new.rename(self.folder / "api.py")
        (self.folder / "__init__.py").write_text("from edited.api import *\n")
        return self.version

    @contextmanager
    def served(self, *options: str, **more: Any) -> Iterator[Host]:
        with start_host([MODEL], "--reload", *options, packages=self.folder.parent, **more) as host:
            yield host


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return Package(tmp_path_factory.mktemp("packages"))


@pytest.fixture(scope="module")
def host(package: Package) -> Iterator[Host]:
    """One host with two workers for all tests of this module that leave it whole."""
    package.save()
    with package.served("--workers", "2") as host:
        wait_for(host, package.version)  # Both workers have begun with it.
        yield host


def answered(host: Host) -> int:
    """The version that answers now."""
    answer = host.predict(MODEL)
    assert answer.status == 200, answer.body
    version = answer.json()["predictions"]["version"]
    assert isinstance(version, int)
    return version


def wait_for(host: Host, version: int) -> None:
    wait_until(lambda: answered(host) == version, f"version {version} answers")
    wait_until(
        lambda: host.readiness(MODEL)["workers_ready_count"] == 2, "both workers are ready again"
    )


class Clients:
    """Clients that call again and again, on one connection each."""

    def __init__(self, host: Host, count: int) -> None:
        self._host = host
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._call, args=(n,)) for n in range(count)]
        self.seen: list[list[int]] = [[] for _ in range(count)]
        self.complaints: list[str] = []

    def __enter__(self) -> "Clients":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _call(self, number: int) -> None:
        connection = HTTPConnection("127.0.0.1", self._host.port, timeout=60)
        while not self._stop.wait(PAUSE_SECONDS):
            connection.request("POST", path_of(MODEL))
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                self.complaints.append(f"{answer.status}: {body!r}")
                return
            version = int(body.partition(b'"version":')[2].split(b",")[0])
            if not self.seen[number] or self.seen[number][-1] != version:
                self.seen[number].append(version)
        connection.close()


def test_no_call_is_lost_while_code_is_edited(host: Host, package: Package, size: Size) -> None:
    wait_for(host, first := package.version)  # Both workers have begun with it.
    with Clients(host, 4) as clients:
        for _ in range(size(3, 20)):
            wait_for(host, package.save())
        wait_until(
            lambda: clients.complaints or all(package.version in seen for seen in clients.seen),
            "all of them have seen the newest",
        )
    assert clients.complaints == []
    for seen in clients.seen:
        assert seen == sorted(set(seen)), "a connection has gone back to old code"
        assert seen[-1] == package.version
    assert first in {seen[0] for seen in clients.seen}
    assert host.readiness(MODEL)["restarts_count"] == 0


def test_code_that_cannot_be_loaded_changes_nothing(host: Host, package: Package) -> None:
    wait_for(host, old := package.version)
    for number, (more, text) in enumerate(
        [("def f(:", "SyntaxError"), ("raise ValueError('no weights')", "no weights")], 1
    ):
        before = host.log().count("the new code cannot be served")
        package.save(more=more)
        wait_until(
            lambda b=before: host.log().count("the new code cannot be served") > b,  # type: ignore[misc]
            f"failure {number} is told",
        )
        tail = host.log().rpartition("the new code cannot be served")[2]
        assert tail.count(text) >= 1
        assert "deepaas/runtime" not in tail
        assert "edited/api.py" in tail
        assert answered(host) == old
        assert host.is_ready()
    wait_for(host, package.save())


def test_documents_follow_the_code(host: Host, package: Package) -> None:
    path = f"/v2/models/{MODEL}/predict/"

    def arguments() -> list[str]:
        operation = host.get("/swagger.json").json()["paths"][path]["post"]
        return [parameter["name"] for parameter in operation["parameters"]]

    wait_for(host, package.version)
    assert "threshold" not in arguments()
    # One that both workers have begun, and one in the queue, with arguments of the old code.
    running = [host.begin(MODEL, gate="documents", started=f"busy-{n}") for n in range(2)]
    wait_until(lambda: all((host.home / f"busy-{n}").exists() for n in range(2)), "both are busy")
    queued = host.begin(MODEL)
    old = package.version
    new = package.save(arguments='"threshold": fields.Float(missing=0.5),')
    wait_until(lambda: "threshold" in arguments(), "the new argument is described")
    assert host.get(f"/v2/models/{MODEL}/").json()["version"] == str(new)
    assert queued.result().json()["predictions"] == {
        "version": new,
        "pid": queued.result().json()["predictions"]["pid"],
        "threshold": 0.5,
    }
    assert not any(call.done() for call in running)
    host.touch("documents")
    assert [call.result().json()["predictions"]["version"] for call in running] == [old, old]
    wait_until(lambda: len(workers(host)) == 2, "the old workers have gone")


def workers(host: Host) -> list[int]:
    """Process ids of all that have loaded the model and still live."""
    family = {process.pid for process in host.family()}
    found = {int(path.name.rpartition("-")[2]) for path in host.home.glob("loading-*")}
    return sorted(family & found)


def loading(host: Host, version: int) -> list[int]:
    """Process ids of those that have begun to load this version."""
    found = host.home.glob(f"loading-{version}-*")
    return sorted(int(path.name.rpartition("-")[2]) for path in found)


def test_new_workers_that_die_are_started_again(host: Host, package: Package) -> None:
    wait_for(host, old := package.version)
    new = package.save(gate="death")
    wait_until(lambda: len(loading(host, new)) == 2, "both new workers are being loaded")
    os.kill(loading(host, new)[0], signal.SIGKILL)
    wait_until(lambda: len(loading(host, new)) == 3, "another one is started")
    assert answered(host) == old
    host.touch("death")
    wait_for(host, new)


def test_old_workers_may_die_meanwhile(host: Host, package: Package) -> None:
    wait_for(host, package.version)
    new = package.save(gate="old-death")
    wait_until(lambda: len(loading(host, new)) == 2, "both new workers are being loaded")
    for _ in range(2):
        assert_failure(host.predict(MODEL, crash=True), 500)
    waiting = host.begin(MODEL)
    host.touch("old-death")
    assert waiting.result().json()["predictions"]["version"] == new
    wait_for(host, new)


def test_only_the_last_of_several_saves_counts(host: Host, package: Package) -> None:
    wait_for(host, old := package.version)
    versions = []
    for number in range(3):
        versions.append(package.save(gate=f"never-{number}"))
        wait_until(lambda: len(loading(host, versions[-1])) == 2, "they are being loaded")
        assert answered(host) == old
    wait_for(host, package.save())
    wait_until(lambda: len(workers(host)) == 2, "nobody loads old code any more")


@pytest.mark.parametrize("is_same", [False, True], ids=["other code", "the same code again"])
def test_code_that_is_saved_while_it_is_loaded_never_answers(
    host: Host, package: Package, is_same: bool
) -> None:
    def write(number: int) -> None:
        new = package.folder / ".part.py.new"
        new.write_text(f"VERSION = {number}")
        new.rename(package.folder / "part.py")

    def read() -> int:
        return len(list(host.home.glob(f"read-{version}-*")))

    wait_for(host, old := package.version)  # Both workers have begun with it.
    write(first := old + 1000)
    version = old + 1
    more = f"""
from edited.part import VERSION
(FOLDER / f"read-{version}-{{os.getpid()}}").touch()
while not (FOLDER / "ready-{version}").exists():
    time.sleep(0.01)
"""
    package.save(gate=f"part-{version}", more=more)
    wait_until(lambda: len(loading(host, version)) == 2, "both new workers are being loaded")
    last = first if is_same else first + 2
    with Clients(host, 2) as clients:
        write(first + 1)
        host.touch(f"part-{version}")
        wait_until(lambda: read() >= 2, "both have read what is there for a moment")
        write(last)
        host.touch(f"ready-{version}")
        wait_for(host, last)
    assert clients.complaints == []
    assert set().union(*clients.seen) <= {old, last}
    wait_for(host, package.save())


def test_what_is_no_code_does_not_count(host: Host, package: Package) -> None:
    (package.folder / "settings.yaml").write_text("a: 1")
    wait_for(host, package.save())
    marks = {"weights.bin", "notes.txt", "api.py~", ".api.py.swp", "models/2026/metrics.json"}
    before = set(workers(host))
    for name in marks:
        (package.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (package.folder / name).write_text("changed")
    (package.folder / "api.py").touch()
    (package.folder / "settings.yaml").write_text("a: 1")
    # What counts comes last, so that the others have been seen when it is.
    told = host.log().count("loading the new code")
    (package.folder / "settings.yaml").write_text("a: 2")
    wait_until(lambda: not before & set(workers(host)), "the settings are loaded")
    assert host.log().count("loading the new code") == told + 1
    host.wait_for_log("changed: settings.yaml; loading")


def test_a_model_that_writes_into_its_package_is_not_loaded_for_ever(
    host: Host, package: Package
) -> None:
    more = '(HERE / "cache.json").write_text(str(time.time_ns()))'
    wait_for(host, package.save(more=more))
    wait_until(lambda: "cache.json changed while loading" in host.log(), "it is seen")
    told = host.log().count("loading the new code")
    wait_for(host, package.save())
    assert host.log().count("loading the new code") == told + 1


def test_a_package_that_is_away_for_a_while(host: Host, package: Package) -> None:
    wait_for(host, old := package.version)
    before = host.log().count("the new code cannot be served")
    away = package.folder.with_name("renamed")
    package.folder.rename(away)
    wait_until(lambda: host.log().count("the new code cannot be served") > before, "it is missed")
    assert answered(host) == old
    shutil.rmtree(away)
    wait_for(host, package.save())
    wait_for(host, package.save())


def test_trainings_keep_the_code_that_they_began_with(host: Host, package: Package) -> None:
    path = f"/v2/models/{MODEL}/train/"

    def train(gate: str) -> str:
        started = f"{gate}-{next(numbers)}"
        answer = post(host, f"{path}?gate={gate}&started={started}")
        wait_until((host.home / started).exists, "the training runs")
        return str(answer["uuid"])

    def result(uuid: str) -> Any:
        found = wait_until(lambda: ended(host, f"{path}{uuid}"), "the training has ended")
        return found["result"]["output"]

    numbers = itertools.count()
    wait_for(host, old := package.version)
    before = train("lesson")
    wait_for(host, new := package.save())
    host.touch("lesson")
    assert result(before)["version"] == old
    assert result(train("lesson"))["version"] == new


def post(host: Host, path: str) -> Any:
    connection = HTTPConnection("127.0.0.1", host.port, timeout=60)
    connection.request("POST", path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert answer.status == 200, body
    return json.loads(body)


def ended(host: Host, path: str) -> Any:
    found = host.get(path).json()
    return found if found["status"] != "running" else None


def test_a_package_that_is_broken_at_the_start(tmp_path: Path) -> None:
    package = Package(tmp_path)
    package.save(more="def f(:")
    with package.served("--notrain-endpoint", wait=False) as host:
        wait_until(lambda: "waiting for changes" in host.log(), "the host says that it waits")
        assert_failure(host.predict(MODEL), 503)
        package.save(more="raise ValueError('still no weights')")
        wait_until(
            lambda: "still no weights" in str(host.get("/v2/models/").json()), "another reason"
        )
        new = package.save()
        wait_until(lambda: host.predict(MODEL).status == 200, "it answers")
        assert answered(host) == new
        # Each once, however often it was tried.
        assert host.log().count("the model cannot be served") == 2
        assert host.stop() == 0
        assert "asyncio" not in host.log()
