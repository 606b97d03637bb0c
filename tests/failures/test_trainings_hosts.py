"""Several hosts with one store of trainings."""

import dataclasses
import signal
from pathlib import Path

import pytest
from support.host import Host
from support.postgres import postgres_database
from support.shape import assert_failure
from support.trainings import Client, Ground, at_once, processes_of_trainings, term
from support.waiting import wait_until

RUNS_COUNT = 8


def _begun(*hosts: Host) -> list[str]:
    """What the trainings on these hosts have noted when they began."""
    lines = [line for host in hosts for line in host.journal()]
    return sorted(line for line in lines if line.startswith("begins"))


def test_one_queue(ground: Ground) -> None:
    """Two hosts of one state directory: each run is done once, whoever was asked for it."""
    with ground.host() as first, ground.host() as second:
        clients = [Client(first), Client(second)]
        texts = [f"{number:02}" for number in range(RUNS_COUNT)]
        runs = [clients[number % 2].begin("writes", text=text) for number, text in enumerate(texts)]
        for number, run in enumerate(runs):
            assert clients[(number + 1) % 2].wait(run)["status"] == "done"
        assert _begun(first, second) == [f"begins {text}" for text in texts]
        assert _begun(first)
        assert _begun(second)
        for number, run in enumerate(runs):
            for client in clients:
                assert client.files(run) == {"0.txt": texts[number].encode()}
        assert clients[0].list() == clients[1].list()


def test_cancel_through_the_other_host(ground: Ground) -> None:
    with ground.host() as first, ground.host() as second:
        run = Client(first).begin("keeps", text="a")
        wait_until(lambda: "ready a" in first.journal() + second.journal(), "it is at work")
        # One of both does not own it; at once: two clients, two hosts.
        for shown in at_once(lambda: Client(first).cancel(run), lambda: Client(second).cancel(run)):
            assert shown["status"] == "cancelled"
        assert Client(second).files(run) == {"begun": b"a", "checkpoint": b"saved"}
        other = Client(first).begin("keeps", text="b")
        wait_until(lambda: "ready b" in first.journal() + second.journal(), "it is at work")
        stranger = second if "ready b" in first.journal() else first
        assert Client(stranger).cancel(other)["status"] == "cancelled"
        assert processes_of_trainings(first) + processes_of_trainings(second) == []


def test_one_of_two_is_killed(ground: Ground) -> None:
    """The other notices at once, and takes over what waits."""
    with ground.host() as first:
        with ground.host() as second:
            client = Client(second)
            runs = [client.begin("waits", text=str(number)) for number in range(2)]
            wait_until(lambda: len(_begun(first, second)) == 2, "each has one")
            waiting = client.begin("writes")
            assert client.status(waiting) == "queued"
            lost, kept = runs if "begins 0" in second.journal() else reversed(runs)
            second.kill_9()
        client = Client(first)
        wait_until(lambda: client.status(lost) == "interrupted", "it is noticed", 5)
        assert client.get(lost)["message"] == "its host ended in the middle of it"
        assert client.files(lost)
        assert client.status(kept) == "running"
        assert client.status(waiting) == "queued"
        for number in range(2):
            first.touch(f"go-{number}")
        assert client.wait(kept)["status"] == "done"
        assert client.wait(waiting)["status"] == "done"


def test_one_of_two_is_stopped(ground: Ground) -> None:
    """What it ran is interrupted; the other goes on with its own and with the queue."""
    with ground.host() as first:
        with ground.host() as second:
            client = Client(second)
            runs = [client.begin("keeps", text=str(number)) for number in range(2)]
            wait_until(lambda: len(_begun(first, second)) == 2, "each has one")
            lost, kept = runs if "begins 0" in second.journal() else reversed(runs)
            wait_until(lambda: any("ready" in line for line in second.journal()), "it is at work")
            term(second)
            assert second.wait(15) == 0
        client = Client(first)
        assert client.status(lost) == "interrupted"
        assert client.get(lost)["message"] == "the host was stopped"
        assert client.status(kept) == "running"
        first.touch("go-0")
        first.touch("go-1")
        assert client.wait(kept)["status"] == "done"


def test_different_state_directories(tmp_path: Path) -> None:
    """Each sees the runs of the other, and says where their files are not."""
    with postgres_database() as url:
        here, there = Ground(tmp_path / "here", url), Ground(tmp_path / "there", url)
        with here.host() as first, there.host() as second:
            mine, other = Client(first), Client(second)
            own = mine.begin("writes", text="own")
            mine.wait(own, "done")
            assert set(mine.files(own)) == {"0.txt"}
            assert other.get(own) == mine.get(own)
            assert [run["uuid"] for run in other.list()] == [own]
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


@pytest.mark.minutes
def test_hosts_elsewhere_that_die_or_stand_still(tmp_path: Path) -> None:
    """After 15 s their runs are interrupted; the one that comes back gives them up."""
    with postgres_database() as url:
        watching, dying, standing = (Ground(tmp_path / name, url) for name in "abc")
        with watching.host() as first, standing.host() as third:
            with dying.host() as second:
                lost = Client(second).begin("waits", text="b")
                Client(second).wait_running(lost, "b")
                fenced = Client(third).begin("waits", text="c")
                Client(third).wait_running(fenced, "c")
                queued = Client(third).begin("writes", text="d")
                second.kill_9()
            third.watch.stop()
            third.send(signal.SIGSTOP)
            client = Client(first)
            assert client.status(lost) == client.status(fenced) == "running"
            for run in (lost, fenced):
                assert client.wait(run, "interrupted")["message"] == (
                    "its host ended in the middle of it"
                )
            assert client.status(queued) == "queued"
            assert len(processes_of_trainings(third)) == 1
            third.send(signal.SIGCONT)
            client = Client(third)
            assert client.wait(queued)["status"] == "done"
            assert processes_of_trainings(third) == []
            assert client.status(fenced) == "interrupted"
            assert client.files(fenced) == {"begun": b"c"}
            assert client.wait(client.begin())["status"] == "done"
        with dying.host() as second:
            client = Client(second)
            assert client.status(lost) == "interrupted"
            assert client.files(lost) == {"begun": b"b"}


def test_hosts_of_different_models(sqlite_ground: Ground) -> None:
    """Each takes only what it can run."""
    with sqlite_ground.host(models=("trains",)) as first:
        client = Client(first)
        blocking = client.begin("waits", text="a")
        client.wait_running(blocking, "a")
        waiting = client.begin("writes", text="b")
        with sqlite_ground.host(models=("trains_slowly",)) as second:
            second.touch("load")
            slow = Client(second, "trains_slowly")
            assert slow.wait(slow.begin())["status"] == "done"
            assert slow.list()[0]["uuid"] != waiting
            assert_failure(slow.send("GET", waiting), 404)
        assert client.status(waiting) == "queued"
        first.touch("go-a")
        assert client.wait(waiting)["status"] == "done"
    later = dataclasses.replace(sqlite_ground)
    with later.host(models=("trains_slowly",)) as host:
        assert len(Client(host, "trains_slowly").list()) == 1
