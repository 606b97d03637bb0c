"""Processes that are killed: the host, a training, and what a training has started."""

import signal
from collections.abc import Iterator

import pytest
from support.host import Host
from support.lasting import Since
from support.processes import is_reaper, send_to_all
from support.trainings import Client, Ground, children_of_trainings, processes_of_trainings
from support.waiting import wait_until


def test_kill_9_of_the_host(sqlite_ground: Ground) -> None:
    """What ran is interrupted, with all that it had written; what waited is done by the next."""
    with sqlite_ground.host() as first:
        client = Client(first)
        finished = client.begin("writes", text="old")
        client.wait(finished, "done")
        running = client.begin("waits", text="a")
        waiting = client.begin("writes", text="b")
        client.wait_running(running, "a")
        wait_until(lambda: client.log(running) == "waiting\n", "it has printed")
        assert client.status(waiting) == "queued"
        first.kill_9()
    with sqlite_ground.host() as second:
        client = Client(second)
        interrupted = client.wait(running, "interrupted")
        assert interrupted["message"] == "the host exited during the training"
        assert interrupted["finish_date"] >= interrupted["start_date"]
        assert client.files(running) == {"begun": b"a"}
        assert client.log(running) == "waiting\n"
        assert client.wait(waiting)["status"] == "done"
        assert client.files(waiting) == {"0.txt": b"b"}
        assert client.get(finished)["status"] == "done"
        assert client.files(finished) == {"0.txt": b"old"}
        assert [run["uuid"] for run in client.list()] == [finished, running, waiting]


def test_kill_9_of_the_host_again_and_again(sqlite_ground: Ground) -> None:
    """Every run is interrupted once at most, and all that waited are done in the end.

    Of those that run at the first time, one has its model still loaded, and one has written an
    outcome of its own making: nobody believes that.
    """
    models = ("trains", "trains_slowly", "trains_badly")
    with sqlite_ground.host("--train-workers", "3", models=models) as host:
        client, slow, bad = (Client(host, model) for model in models)
        runs = [client.begin("waits", text="0")]
        starting, forged = slow.begin(), bad.begin("outcome")
        client.wait_running(runs[0], "0")
        wait_until(lambda: {"loads", "ready"} <= {*host.journal()}, "all three run")
        runs += [client.begin("waits", text=text) for text in ("1", "2")]
        host.kill_9()
    with sqlite_ground.host() as host:
        Client(host).wait_running(runs[1], "1")
        host.kill_9()
    with sqlite_ground.host(models=models) as host:
        client, slow, bad = (Client(host, model) for model in models)
        host.touch("go-2")
        assert client.wait(runs[2])["status"] == "done"
        assert [client.status(run) for run in runs] == ["interrupted", "interrupted", "done"]
        assert slow.status(starting) == bad.status(forged) == "interrupted"
        assert slow.files(starting) == {}
        host.touch("load")
        assert slow.wait(slow.begin())["status"] == "done"


@pytest.fixture(scope="module")
def host(lasting_ground: Ground) -> Iterator[Host]:
    """One that outlives what is killed."""
    with lasting_ground.host("--train-workers", "3") as host:
        yield host


def test_kill_9_of_trainings(host: Host, since: Since) -> None:
    """It is an error that says so; nothing that it had started stays; the host goes on."""
    hows = ("waits", "blocks", "forks")
    client = Client(host)
    runs = [client.begin(how, text=how) for how in hows]
    wait_until(lambda: {"ready blocks", "ready forks"} <= {*since.journal()}, "two are busy")
    wait_until(lambda: client.files(runs[0]), "the third too")
    mains = [p for p in processes_of_trainings(host) if (above := p.parent()) and is_reaper(above)]
    assert len(mains) == 3
    send_to_all(mains, signal.SIGKILL)
    for run in runs:
        ended = client.wait(run, "error")
        assert ended["message"] == "its process was killed by SIGKILL (out of memory?)"
        assert "result" not in ended
    assert processes_of_trainings(host) == children_of_trainings(host) == []
    assert client.files(runs[0]) == {"begun": b"waits"}
    assert client.log(runs[0]) == "waiting\n"
    assert client.wait(client.begin())["status"] == "done"
    assert host.predict("trains", text="x").status == 200


def test_trainings_that_end_themselves(host: Host, since: Since) -> None:
    messages = {
        "dies": "its process was killed by SIGKILL (out of memory?)",
        "leaves": "its process exited with code 7",
        "exits": "SystemExit: 7",
        "raises": "ValueError: wrong",
    }
    client = Client(host)
    runs = {how: client.begin(how, text="wrong", count=7) for how in messages}
    for how, message in messages.items():
        assert client.wait(runs[how], "error")["message"] == message
    assert "ValueError: wrong" in client.log(runs["raises"])
    assert client.wait(client.begin())["status"] == "done"
    # Those who predict have not noticed.
    assert since.restarts_count("trains") == 0


def test_kill_9_of_the_children_of_a_training(host: Host, since: Since) -> None:
    """What that means is up to the author's code."""
    client = Client(host)
    copes = client.begin("child", text="a")
    needs = client.begin("needs_child", text="b")
    wait_until(lambda: {"ready a", "ready b"} <= {*since.journal()}, "both have started a child")
    send_to_all(children_of_trainings(host), signal.SIGKILL)
    assert client.wait(copes, "done")["result"]["output"] == {"code": -9}
    message = client.wait(needs, "error")["message"]
    assert message == "RuntimeError: the loader of the data is gone (-9)"
    assert "RuntimeError: the loader of the data is gone" in client.log(needs)
    assert client.wait(client.begin())["status"] == "done"
