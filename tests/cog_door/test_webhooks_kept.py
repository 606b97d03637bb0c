"""What a host could not tell an address any more, the next one tells."""

import contextlib
import signal
import sqlite3
import time
from pathlib import Path

import pytest
from support.trainings import Ground
from support.waiting import wait_until

from .conftest import Database, Serving, named
from .door import Door, Json, Receiver

pytestmark = pytest.mark.xdist_group("cog_door")

OPTIONS = ["--cog-private-urls", "--no-ui"]
ANSWERS = [*named("answers"), *OPTIONS]
TOGETHER = [*named("together"), *OPTIONS]


def left(ground: Ground) -> int:
    """How many webhooks are still to be told."""
    if ground.url:
        return int(ground.run("SELECT COUNT(*) FROM deepaas_webhooks"))
    return rows(ground.folder / "trainings.sqlite")


def rows(database: Path) -> int:
    """How many webhooks there are in a file."""
    with contextlib.closing(sqlite3.connect(database, timeout=20)) as connection:
        (count,) = connection.execute("SELECT COUNT(*) FROM deepaas_webhooks").fetchone()
    return int(count)


def ends(receiving: Receiver, path: str) -> list[Json]:
    """What an address has been told of an end."""
    return [one for one in receiving.told(path) if one["status"] != "processing"]


def begun(answers: Door, body: Json) -> bool:
    """Whether a prediction has been accepted."""
    return answers.ask("POST", "/predictions", body, Prefer="respond-async").status == 202


def test_ends_by_a_killed_host(each_ground: Ground, receiving: Receiver) -> None:
    ground = each_ground
    hook = f"{receiving.url}/hook"
    with ground.host(*ANSWERS, models=()) as host:
        answers = Door(host, "/cog/answers")
        answers.put("told", webhook=f"{hook}-told", text="told")
        receiving.wait("/hook-told", "succeeded")
        answers.put("going", webhook=f"{hook}-going", text="going", how="wait")
        answers.put("waiting", webhook=f"{hook}-waiting", text="waiting")
        body: Json = {"webhook": f"{hook}-start", "webhook_events_filter": ["start"]}
        body |= {"input": {"text": "start"}, "id": "start"}
        answers.ask("POST", "/predictions", body, Prefer="respond-async")
        answers.wait("going", "processing")
        host.kill_9()
    with ground.host(*ANSWERS, models=()) as host:
        for name in ("going", "waiting"):
            told = receiving.wait(f"/hook-{name}", "failed")[-1]
            assert (told["id"], told["error"]) == (name, "interrupted: the host stopped")
            assert {"id", "error", "logs", "metrics", "status"} == told.keys()
        wait_until(lambda: left(ground) == 0, "nothing is left to tell")
    with ground.host(*ANSWERS, models=()) as host:
        # Whoever has a newer webhook for the same prediction is told of that one.
        Door(host, "/cog/answers").put("going", webhook=f"{hook}-again", text="again")
        receiving.wait("/hook-again", "succeeded")
        wait_until(lambda: left(ground) == 0, "nothing is left to tell")
    assert [len(ends(receiving, f"/hook-{name}")) for name in ("told", "going", "waiting")] == [
        1
    ] * 3
    assert ends(receiving, "/hook-start") == []


def test_an_address_that_is_away_until_the_next_host(ground: Ground, receiving: Receiver) -> None:
    receiving.answer = lambda _request: (503, {}, b"")
    with ground.host(*ANSWERS, models=()) as host:
        answers = Door(host, "/cog/answers")
        answers.put("away", webhook=f"{receiving.url}/away", text="away", how="print")
        answers.wait("away")
        wait_until(lambda: bool(ends(receiving, "/away")), "it has been tried")
        host.watch.stop()
        host.send(signal.SIGTERM)
        assert host.wait(20) == 0
    assert left(ground) == 1
    receiving.received.clear()
    receiving.answer = lambda _request: (200, {}, b"")
    with ground.host(*ANSWERS, models=()):
        told = receiving.wait("/away", "succeeded")
        assert (told[0]["output"], told[0]["logs"]) == ("away", "printed away\n")
        wait_until(lambda: left(ground) == 0, "nothing is left to tell")
    assert len(told) == 1


@pytest.mark.parametrize("keep", ["0", "1"])
def test_what_is_still_to_be_told_is_kept(
    tmp_path: Path, serving: Serving, receiving: Receiver, keep: str
) -> None:
    """However few predictions are kept; and of one id each webhook is told its own end."""
    receiving.answer = lambda _request: (503, {}, b"")
    options = ("answers", "--cog-private-urls", "--keep-predictions", keep)
    with serving(*options, state=tmp_path) as host:
        answers = Door(host, "/cog/answers")
        for name, path in (("one", "/one"), ("same", "/first"), ("same", "/second")):
            body = {"id": name, "input": {"text": path}, "webhook": receiving.url + path}
            # 409 as long as the one of the same id before it is not quite over.
            wait_until(lambda b=body: begun(answers, b), "it begins")  # type: ignore[misc]
            wait_until(lambda at=path: bool(ends(receiving, at)), "it has been tried")  # type: ignore[misc]
        host.watch.stop()
        host.send(signal.SIGTERM)
        assert host.wait(20) == 0
    receiving.received.clear()
    receiving.answer = lambda _request: (200, {}, b"")
    database = tmp_path / "deepaas" / "trainings.sqlite"
    # As if a host of another state directory had made it anew, with a long output.
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(
            "UPDATE deepaas_predictions SET place = 'other', document = NULL, file = 'x.json' "
            "WHERE prediction_id = 'one'"
        )
    with serving(*options, state=tmp_path):
        assert receiving.wait("/second", "succeeded")[0]["output"] == "/second"
        wait_until(lambda: rows(database) == 0, "nothing is left to tell")
    assert [one.path for one in receiving.received] == ["/second"]


def test_a_store_that_does_not_answer_holds_up_the_first(
    answers: Door, database: Database, receiving: Receiver
) -> None:
    names = ("first", "second", "third")
    answers.put("before", text="x")  # The store is open from here on.
    with database.locked():
        for name in names:
            began = time.monotonic()
            assert answers.put(name, webhook=f"{receiving.url}/{name}", text=name).status == 202
            waited_seconds = time.monotonic() - began
            assert receiving.wait(f"/{name}", "succeeded")
        assert waited_seconds < 3
    wait_until(lambda: answers.get("third")["status"] == "succeeded", "it is kept")
    query = "SELECT name FROM deepaas_webhooks WHERE name IN (?, ?, ?)"
    wait_until(lambda: database.rows(query, *names) == [], "nothing is left to tell")


def test_headers_that_are_no_text_are_not_passed_on(answers: Door, receiving: Receiver) -> None:
    body = {"input": {"text": "x"}, "webhook": f"{receiving.url}/odd"}
    headers = {"Prefer": "respond-async", "traceparent": "\xff\xfe", "tracestate": "a=b"}
    assert answers.ask("POST", "/predictions", body, **headers).status == 202
    receiving.wait("/odd", "succeeded")
    (first, *_) = receiving.received
    assert "traceparent" not in first.headers
    assert "tracestate" not in first.headers  # It means nothing alone (W3C Trace Context, 3.3).


def test_trainings_that_go_on_or_do_not(ground: Ground, receiving: Receiver) -> None:
    with ground.host(*TOGETHER, "--train-workers", "1", models=()) as host:
        together = Door(host, "/cog/together")
        for name, gate in (("runs", "never"), ("queued", "")):
            body = {"input": {"steps": 1, "gate": gate}, "webhook": f"{receiving.url}/{name}"}
            asked = together.ask("PUT", f"/trainings/{name}", body, Prefer="respond-async")
            assert asked.status == 202
        receiving.wait("/runs", "processing")
        host.kill_9()
    with ground.host(*TOGETHER, models=()):
        assert "exited" in receiving.wait("/runs", "failed")[-1]["error"]
        told = receiving.wait("/queued", "succeeded")
        assert told[-1]["output"] == {"size": 1}
        wait_until(lambda: left(ground) == 0, "nothing is left to tell")


def test_a_training_that_the_host_ends(
    tmp_path: Path, serving: Serving, receiving: Receiver
) -> None:
    """The address is there: the host that leaves tells it."""
    with serving("together", "--cog-private-urls", state=tmp_path) as host:
        together = Door(host, "/cog/together")
        body = {"input": {"steps": 1, "gate": "never"}, "webhook": f"{receiving.url}/ended"}
        assert together.ask("PUT", "/trainings/x", body, Prefer="respond-async").status == 202
        receiving.wait("/ended", "processing")
        host.watch.stop()
        host.send(signal.SIGTERM)
        assert host.wait(20) == 0
        assert "stopped" in ends(receiving, "/ended")[0]["error"]
    assert rows(tmp_path / "deepaas" / "trainings.sqlite") == 0


def test_an_address_that_may_not_be_called_any_more(
    tmp_path: Path, serving: Serving, receiving: Receiver
) -> None:
    with serving("answers", "--cog-private-urls", state=tmp_path) as host:
        answers = Door(host, "/cog/answers")
        answers.put("cut", webhook=f"{receiving.url}/cut", text="cut", how="wait")
        answers.wait("cut", "processing")
        host.kill_9()
    receiving.received.clear()
    with serving("answers", state=tmp_path) as host:
        database = tmp_path / "deepaas" / "trainings.sqlite"
        wait_until(lambda: rows(database) == 0, "it is not told any more")
        host.wait_for_log("its webhook is ignored: 127.0.0.1")
    assert receiving.received == []
