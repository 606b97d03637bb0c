"""Several hosts with one store of trainings."""

import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from support.grounds import DATABASES, made_ground
from support.host import Host
from support.lasting import Since, lasting
from support.postgres import postgres_database
from support.shape import assert_failure
from support.trainings import Client, Ground, at_once, processes_of_trainings, term
from support.waiting import wait_until

pytestmark = pytest.mark.xdist_group("postgres")

WRITING = ["w0", "w1", "w2"]


@pytest.fixture(scope="module")
def ground(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ground]:
    with made_ground(request.param, tmp_path_factory.mktemp("ground")) as ground:
        yield ground


@pytest.fixture(scope="module")
def first(ground: Ground) -> Iterator[Host]:
    """A host that stays, while others come and go."""
    with ground.host() as host:
        yield host


@pytest.fixture
def since(first: Host) -> Iterator[Since]:
    with lasting(first) as since:
        yield since


with_each_database = pytest.mark.parametrize("ground", DATABASES, indirect=True)
with_sqlite = pytest.mark.parametrize("ground", ["sqlite"], indirect=True)


def _begun(*journals: list[str]) -> list[str]:
    """What the trainings on some hosts have noted when they began."""
    return sorted(line for journal in journals for line in journal if line.startswith("begins"))


@with_sqlite
def test_one_queue_and_cancel_through_the_other_host(
    ground: Ground, first: Host, since: Since
) -> None:
    """Two hosts of one state directory: each run is done once, whoever was asked for it.

    `tests/training` says with each database that nobody takes what another one has.
    """
    with ground.host() as second:
        clients = [Client(first), Client(second)]
        texts = ["w-a", "w-b"]
        runs = [clients[0].begin("waits", text=text) for text in texts]
        wait_until(lambda: len(_begun(since.journal(), second.journal())) == 2, "each has one")
        assert _begun(since.journal())
        assert _begun(second.journal())
        for number, text in enumerate(WRITING):
            runs.append(clients[number % 2].begin("writes", text=text))
        for host in (first, second):
            for text in texts:
                host.touch(f"go-{text}")
        for number, run in enumerate(runs):
            assert clients[(number + 1) % 2].wait(run)["status"] == "done"
        begun = _begun(since.journal(), second.journal())
        assert begun == sorted(f"begins {text}" for text in texts + WRITING)
        for client in clients:
            for text, run in zip(WRITING, runs[2:], strict=True):
                assert client.files(run) == {"0.txt": text.encode()}
        assert clients[0].list() == clients[1].list()

        run = clients[0].begin("keeps", text="c-a")
        wait_until(lambda: "ready c-a" in since.journal() + second.journal(), "it is at work")
        # One of both does not own it; at once: two clients, two hosts.
        cancels = [partial(client.cancel, run) for client in clients]
        for shown in at_once(*cancels):
            assert shown["status"] == "cancelled"
        assert clients[1].files(run) == {"begun": b"c-a", "checkpoint": b"saved"}
        other = clients[0].begin("keeps", text="c-b")
        wait_until(lambda: "ready c-b" in since.journal() + second.journal(), "it is at work")
        stranger = second if "ready c-b" in since.journal() else first
        assert Client(stranger).cancel(other)["status"] == "cancelled"
        assert processes_of_trainings(first) + processes_of_trainings(second) == []


@with_each_database
def test_one_of_two_is_killed(ground: Ground, first: Host, since: Since) -> None:
    """The other notices at once, and takes over what waits."""
    with ground.host() as second:
        client = Client(second)
        runs = [client.begin("waits", text=text) for text in ("k-a", "k-b")]
        wait_until(lambda: len(_begun(since.journal(), second.journal())) == 2, "each has one")
        waiting = client.begin("writes")
        assert client.status(waiting) == "queued"
        lost, kept = runs if "begins k-a" in second.journal() else reversed(runs)
        second.kill_9()
    client = Client(first)
    wait_until(lambda: client.status(lost) == "interrupted", "it is noticed", 10)
    assert client.get(lost)["message"] == "the host exited during the training"
    assert client.files(lost)
    assert client.status(kept) == "running"
    assert client.status(waiting) == "queued"
    for text in ("k-a", "k-b"):
        first.touch(f"go-{text}")
    assert client.wait(kept)["status"] == "done"
    assert client.wait(waiting)["status"] == "done"


@with_sqlite
def test_one_of_two_is_stopped(ground: Ground, first: Host, since: Since) -> None:
    """What it ran is interrupted; the other goes on with its own and with the queue."""
    with ground.host() as second:
        client = Client(second)
        runs = [client.begin("keeps", text=text) for text in ("s-a", "s-b")]
        wait_until(lambda: len(_begun(since.journal(), second.journal())) == 2, "each has one")
        waiting = client.begin("writes")
        lost, kept = runs if "begins s-a" in second.journal() else reversed(runs)
        wait_until(lambda: any("ready" in line for line in second.journal()), "it is at work")
        term(second)
        assert second.wait(15) == 0
    client = Client(first)
    assert client.status(lost) == "interrupted"
    assert client.get(lost)["message"] == "the host was stopped"
    assert client.status(kept) == "running"
    assert client.status(waiting) == "queued"
    first.touch("go-s-a")
    first.touch("go-s-b")
    assert client.wait(kept)["status"] == "done"
    assert client.wait(waiting)["status"] == "done"


@with_sqlite
def test_hosts_of_different_models(ground: Ground, first: Host) -> None:
    """Each takes and shows only what it can run."""
    client = Client(first)
    blocking = client.begin("waits", text="d-a")
    client.wait_running(blocking, "d-a")
    waiting = client.begin("writes", text="d-b")
    with ground.host(models=("trains_slowly",)) as second:
        second.touch("load")
        slow = Client(second, "trains_slowly")
        own = slow.begin()
        assert slow.wait(own)["status"] == "done"
        assert [run["uuid"] for run in slow.list()] == [own]
        assert_failure(slow.send("GET", waiting), 404)
    assert client.status(waiting) == "queued"
    first.touch("go-d-a")
    assert client.wait(waiting)["status"] == "done"


@pytest.fixture(scope="module")
def apart(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Ground, Host, Ground, Host]]:
    """Two hosts with one database, and a state directory for each."""
    folder = tmp_path_factory.mktemp("apart")
    with postgres_database() as url:
        here, there = Ground(folder / "here", url), Ground(folder / "there", url)
        with here.host() as first, there.host() as second:
            yield here, first, there, second


def test_different_state_directories(apart: tuple[Ground, Host, Ground, Host]) -> None:
    """Each sees the runs of the other, and says where their files are not."""
    here, first, there, second = apart
    mine, other = Client(first), Client(second)
    own = mine.begin("writes", text="own")
    mine.wait(own, "done")
    assert set(mine.files(own)) == {"0.txt"}
    assert other.get(own) == mine.get(own)
    assert [run["uuid"] for run in other.list()][-1:] == [own]
    for path in ("logs", "metrics", "events", "files/", "files/0.txt"):
        message = assert_failure(other.send("GET", f"{own}/{path}"), 409)
        assert "another host" in message

    # A queue for each directory: the one has no room, the other host does not take it.
    running, waiting = mine.begin("waits", text="a"), mine.begin("writes", text="b")
    mine.wait_running(running, "a")
    assert other.wait(other.begin("writes", text="c"))["status"] == "done"
    assert other.status(waiting) == "queued"
    assert other.cancel(waiting)["status"] == "cancelled"
    assert other.cancel(running)["status"] == "cancelled"
    assert mine.get(running) == other.get(running)
    assert processes_of_trainings(first) == []

    # Large arguments and results lie with the files.
    large = mine.begin("large", count=200_000)
    assert len(mine.wait(large)["result"]["output"]["text"]) == 200_000
    answer = other.send("GET", large)
    assert answer.json()["status"] == "done"
    assert answer.json()["result"]["output"] is None
    assert here.folders() | there.folders() == set(here.rows())
    assert not here.folders() & there.folders()


@pytest.mark.slow
def test_hosts_elsewhere_that_die_or_stand_still(
    apart: tuple[Ground, Host, Ground, Host], tmp_path: Path
) -> None:
    """After 15 s their runs are interrupted; the one that comes back gives them up."""
    here, first, _, third = apart
    dying = Ground(tmp_path / "dying", here.url)
    with dying.host() as second:
        lost = Client(second).begin("waits", text="e-b")
        Client(second).wait_running(lost, "e-b")
        fenced = Client(third).begin("waits", text="e-c")
        Client(third).wait_running(fenced, "e-c")
        queued = Client(third).begin("writes", text="e-d")
        second.kill_9()
    third.watch.stop()
    third.send(signal.SIGSTOP)
    client = Client(first)
    assert client.status(lost) == client.status(fenced) == "running"
    for run in (lost, fenced):
        assert client.wait(run, "interrupted")["message"] == "the host exited during the training"
    assert client.status(queued) == "queued"
    assert len(processes_of_trainings(third)) == 1
    third.send(signal.SIGCONT)
    client = Client(third)
    assert client.wait(queued)["status"] == "done"
    assert processes_of_trainings(third) == []
    assert client.status(fenced) == "interrupted"
    assert client.files(fenced) == {"begun": b"e-c"}
    assert client.wait(client.begin())["status"] == "done"
    with dying.host() as second:
        client = Client(second)
        assert client.status(lost) == "interrupted"
        assert client.files(lost) == {"begun": b"e-b"}
