"""A PostgreSQL server that goes away while trainings run, and comes back."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.host import Host
from support.postgres import postgres_database, server
from support.shape import assert_failure
from support.trainings import Client, Ground, term
from support.waiting import wait_until

pytestmark = pytest.mark.xdist_group("postgres")


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    """A fresh state directory with PostgreSQL; the server runs again after the test."""
    with postgres_database() as url:
        made = Ground(tmp_path / "state", url)
        try:
            yield made
        finally:
            server().stop()
            server().start()
        made.assert_whole()


def _assert_away(host: Host, run: str) -> None:
    """Everything about trainings is refused, quickly and clearly; predictions are made."""
    client = Client(host)
    for method, path in (
        ("POST", "?how=writes"),
        ("GET", ""),
        ("GET", run),
        ("DELETE", run),
        ("GET", f"{run}/logs"),
        ("GET", f"{run}/files/"),
    ):
        answer = client.send(method, path)
        message = assert_failure(answer, 503)
        assert message.startswith("the database of training runs is unavailable: ")
        assert "postgresql" not in message  # Its address is nobody's business.
        assert answer.seconds < 10
    answer = host.predict("trains", text="x")
    assert answer.status == 200
    assert answer.seconds < 10


def test_the_server_goes_while_a_training_runs(ground: Ground) -> None:
    """It goes on, and its result is there when the server is."""
    with ground.host("--train-workers", "2") as host:
        client = Client(host)
        runs = {text: client.begin("waits", text=text) for text in "ab"}
        waits = client.begin("writes")
        for text, run in runs.items():
            client.wait_running(run, text)
        # It breaks the connections and tells why, or it just ends.
        for signal, ends in (("INT", "a"), ("QUIT", "b")):
            server().stop(signal)
            _assert_away(host, runs[ends])
            host.touch(f"go-{ends}")
            outcome = ground.folder / "runs" / runs[ends] / "outcome"
            wait_until(outcome.exists, "it has ended and that is noted")
            _assert_away(host, runs[ends])
            server().start()
            wait_until(lambda: client.send("GET").status == 200, "the store is there again")
            assert client.wait(runs[ends])["result"]["output"] == {"text": ends}
            if ends == "a":
                assert client.wait(waits)["status"] == "done"
                assert client.status(runs["b"]) == "running"
        assert "Traceback" not in host.log()
        assert ground.folders() == set(ground.rows())


def test_a_host_that_is_stopped_without_the_server(ground: Ground) -> None:
    """The next one learns from the folders of the runs how they ended."""
    with ground.host("--train-workers", "3") as first:
        client = Client(first)
        ended = client.begin("waits", text="a")
        stopped = client.begin("keeps", text="b")
        client.wait_running(ended, "a")
        wait_until(lambda: "ready b" in first.journal(), "the other is at work")
        server().stop()
        first.touch("go-a")
        outcome = ground.folder / "runs" / ended / "outcome"
        wait_until(outcome.exists, "the one has ended and that is noted")
        term(first)
        assert first.wait(15) == 0
    server().start()
    with ground.host() as second:
        client = Client(second)
        assert client.get(ended)["result"]["output"] == {"text": "a"}
        assert client.get(ended)["status"] == "done"
        assert client.get(stopped)["status"] == "interrupted"
        assert client.files(stopped) == {"begun": b"b", "checkpoint": b"saved"}


def test_a_host_that_is_killed_without_the_server(ground: Ground) -> None:
    """What was done before stays done, what was not is interrupted, and the queue goes on.

    The next one starts without the server, and refuses all about trainings until it is there.
    """
    with ground.host("--train-workers", "2") as first:
        client = Client(first)
        old = client.begin("writes", text="old")
        client.wait(old, "done")
        ended = client.begin("waits", text="a")
        running = client.begin("waits", text="b")
        waiting = client.begin("writes")
        client.wait_running(ended, "a")
        client.wait_running(running, "b")
        server().stop()
        first.touch("go-a")
        outcome = ground.folder / "runs" / ended / "outcome"
        wait_until(outcome.exists, "the one has ended and that is noted")
        first.kill_9()
    with ground.host() as second:
        _assert_away(second, ended)
        server().start()
        client = Client(second)
        wait_until(lambda: client.send("GET").status == 200, "the store is open")
        assert client.files(old) == {"0.txt": b"old"}
        assert client.wait(waiting)["status"] == "done"
        assert client.get(ended)["result"]["output"] == {"text": "a"}
        assert client.get(ended)["status"] == "done"
        assert client.get(running)["status"] == "interrupted"
        assert client.wait(client.begin())["status"] == "done"


def test_a_store_that_fails_while_a_host_starts(ground: Ground) -> None:
    """When it has taken one run and cannot take the next: the one goes on like any other."""
    with ground.host() as first:
        client = Client(first)
        lost = client.begin("waits", text="a")
        client.wait_running(lost, "a")
        taken, next_one = client.begin("keeps", text="b"), client.begin("writes")
        first.kill_9()
    ground.run(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN IF NEW.state = 'running' AND NEW.uuid = '{next_one}'"
        " THEN RAISE EXCEPTION 'not now'; END IF; RETURN NEW; END $$"
    )
    ground.run(
        "CREATE TRIGGER refuse BEFORE UPDATE ON deepaas_runs FOR EACH ROW EXECUTE FUNCTION refuse()"
    )
    with ground.host("--train-workers", "2") as second:
        client = Client(second)
        wait_until(lambda: "ready b" in second.journal(), "the one is at work")
        ground.run("DROP TRIGGER refuse ON deepaas_runs")
        assert client.wait(next_one)["status"] == "done"
        assert client.status(taken) == "running"
        assert client.cancel(taken)["status"] == "cancelled"
        assert client.files(taken) == {"begun": b"b", "checkpoint": b"saved"}
