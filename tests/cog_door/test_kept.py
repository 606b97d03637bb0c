"""Asynchronous predictions outlive their host, and are kept as long as the operator wants."""

import contextlib
import signal
import sqlite3
from pathlib import Path

import pytest
from support.host import free_port
from support.storm_size import Size
from support.trainings import Ground
from support.waiting import wait_until

from .conftest import Database, Serving, named
from .door import Door, Receiver

pytestmark = pytest.mark.xdist_group("cog_door")


def test_what_has_ended_is_there_after_a_restart(ground: Ground) -> None:
    with ground.host(*named("answers", "streams"), "--no-ui", models=()) as host:
        answers, streams = Door(host, "/cog/answers"), Door(host, "/cog/streams")
        answers.put("small", text="small", how="print")
        answers.put("failed", text="x", how="raise")
        streams.put("large", name="large", count=30, size=100_000)
        before = [answers.wait("small"), answers.wait("failed"), streams.wait("large")]
        # Its process has gone in the middle of this one, and of those behind it.
        answers.put("going", text="going", how="wait")
        answers.put("waiting", text="waiting")
        answers.wait("going", "processing")
        host.kill_9()
    (kept,) = (ground.folder / "predictions").iterdir()
    assert kept.stat().st_size > 3_000_000
    with ground.host(*named("answers", "streams"), "--no-ui", models=()) as host:
        answers, streams = Door(host, "/cog/answers"), Door(host, "/cog/streams")
        assert [answers.get("small"), answers.get("failed"), streams.get("large")] == before
        for name in ("going", "waiting"):
            told = answers.get(name)
            assert (told["status"], told["error"]) == ("failed", "interrupted: the host stopped")
            assert told["input"]["text"] == name
            assert told["completed_at"]
        # What ran to no end is made at last by whoever asks for it again.
        assert answers.put("going", text="again").status == 202
        assert answers.wait("going")["output"] == "again"
        assert answers.put("going", text="once more").json()["output"] == "again"
        again = answers.put("small", text="another")
        assert (again.status, again.json()) == (200, before[0])
        listed = [one["id"] for one in answers.ask("GET", "/predictions").json()["results"]]
        assert listed == ["going", "waiting", "failed", "small"]
        # A POST makes a new one, which takes its place.
        body = {"id": "small", "input": {"text": "new"}}
        assert answers.ask("POST", "/predictions", body, Prefer="respond-async").status == 202
        wait_until(lambda: answers.get("small").get("output") == "new", "it is made anew")


def test_a_stop_waits_for_what_goes_on(
    tmp_path: Path, serving: Serving, receiving: Receiver
) -> None:
    options = ("answers", "--cog-private-urls")
    with serving(*options, state=tmp_path) as host:
        answers = Door(host, "/cog/answers")
        answers.put("last", text="last", how="wait", webhook=f"{receiving.url}/last")
        answers.wait("last", "processing")
        host.watch.stop()
        host.send(signal.SIGTERM)
        wait_until(host.is_closed, "the door is closed")
        host.touch("last")
        assert host.wait(20) == 0
    assert receiving.told("/last")[-1]["status"] == "succeeded"
    with serving(*options, "--drain-timeout", "0.2", state=tmp_path) as host:
        answers = Door(host, "/cog/answers")
        assert answers.get("last")["output"] == "last"
        answers.put("cut", text="cut", how="wait", webhook=f"{receiving.url}/cut")
        answers.wait("cut", "processing")
    assert receiving.told("/cut")[-1]["status"] == "failed"
    with serving(*options, state=tmp_path) as host:
        told = Door(host, "/cog/answers").get("cut")
        assert (told["status"], "shutting down" in told["error"]) == ("failed", True)
        answers = Door(host, "/cog/answers")
        assert answers.put("cut", text="made", webhook=f"{receiving.url}/made").status == 202
        assert receiving.wait("/made", "succeeded")[-1]["output"] == "made"
        assert answers.put("cut", text="x").json()["output"] == "made"


def test_shutdown_by_a_client(serving: Serving) -> None:
    with serving("answers", "--cog-shutdown", "--root-protocol", "cog") as host:
        host.watch.stop()
        root = Door(host, "")
        assert root.predict(text="at the root")["output"] == "at the root"
        assert root.ask("GET", "/").json()["predictions_url"] == "/predictions"
        assert "static/swagger/page.js" in root.ask("GET", "/docs").body.decode()
        # The other doors are still there.
        assert host.get("/v2/models/").status == 200
        answer = root.ask("POST", "/shutdown")
        assert (answer.status, answer.json()) == (200, {})
        assert host.wait(20) == 0


def test_many_at_once(tmp_path: Path, serving: Serving, size: Size) -> None:
    # Of host.threads there are 64.
    names = [f"many-{number}" for number in range(size(80, 200))]
    with serving("answers", state=tmp_path) as host:
        answers = Door(host, "/cog/answers")
        statuses = {a.status for a in host.threads.map(lambda n: answers.put(n, text=n), names)}
        assert statuses == {202}
        for name in names:
            assert answers.wait(name)["output"] == name
    with serving("answers", state=tmp_path) as host:
        answers = Door(host, "/cog/answers")
        page = answers.ask("GET", "/predictions?limit=1000").json()
        assert {(one["id"], one["status"]) for one in page["results"]} == {
            (name, "succeeded") for name in names
        }
        assert page["next"] is None


def test_many_at_once_of_which_few_are_kept(tmp_path: Path, serving: Serving, size: Size) -> None:
    names = [f"burst-{number}" for number in range(size(70, 150))]
    with serving("answers", "--keep-predictions", "5", state=tmp_path) as host:
        answers = Door(host, "/cog/answers")
        list(host.threads.map(lambda name: answers.put(name, text=name), names))

        def statuses() -> list[str]:
            results = answers.ask("GET", "/predictions?limit=1000").json()["results"]
            return [one["status"] for one in results]

        wait_until(lambda: statuses() == ["succeeded"] * 5, "the others have ended and are removed")


def test_an_id_that_is_used_again_leaves_no_file(streams: Door, database: Database) -> None:
    files = database.folder / "predictions"
    others = {path.name for path in files.iterdir()} if files.exists() else set()
    before: set[str] = set()

    def now() -> set[str]:
        return {path.name for path in files.iterdir()} - others

    for size in (200_000, 300_000, 1):
        body = {"id": "same", "input": {"name": "", "size": size}}
        assert streams.ask("POST", "/predictions", body, Prefer="respond-async").status == 202
        assert len(streams.wait("same")["output"][0]) == size
        wait_until(lambda n=size > 1: len(now()) == n, "the old one is gone")  # type: ignore[misc]
        assert not now() & before
        before = now()


def test_a_model_cannot_say_that_its_host_has_ended(answers: Door) -> None:
    said = "interrupted: the host stopped"
    answers.put("pretends", text=said, how="raise")
    failed = answers.wait("pretends")
    assert failed["error"].endswith(said)
    # It has run: it is not made again.
    again = answers.put("pretends", text="again")
    assert (again.status, again.json()) == (200, failed)


def test_retention(tmp_path: Path, serving: Serving) -> None:
    with serving("streams", "--keep-predictions", "3", state=tmp_path) as host:
        streams = Door(host, "/cog/streams")
        for number in range(6):
            streams.put(f"kept-{number}", name="", count=3, size=200_000 * (number != 5))
            streams.wait(f"kept-{number}")

        def listed() -> list[str]:
            results = streams.ask("GET", "/predictions").json()["results"]
            return [one["id"] for one in results]

        wait_until(lambda: listed() == ["kept-5", "kept-4", "kept-3"], "the others are removed")
        assert streams.ask("GET", "/predictions/kept-2").status == 404
        assert len(streams.get("kept-3")["output"]) == 3
        files = tmp_path / "deepaas" / "predictions"
        wait_until(lambda: len(list(files.iterdir())) == 2, "their files as well")


@pytest.mark.parametrize(
    "options",
    [
        ["--no-train-endpoint"],
        ["--database-url", f"postgresql+asyncpg://nobody@127.0.0.1:{free_port()}/nothing"],
    ],
    ids=["switched off", "away"],
)
def test_without_the_store(options: list[str], serving: Serving) -> None:
    with serving("answers streams", "--keep-predictions", "2", *options) as host:
        answers, streams = Door(host, "/cog/answers"), Door(host, "/cog/streams")
        for number in range(3):
            assert answers.put(f"held-{number}", text="x").status == 202
            assert answers.wait(f"held-{number}")["output"] == "x"
        assert answers.put("held-2", text="y").json()["output"] == "x"
        unknown = 404 if options == ["--no-train-endpoint"] else 503
        assert answers.ask("GET", "/predictions/held-0").status == unknown
        streams.put("long", name="long", count=3, size=200_000)
        assert [len(part) for part in streams.wait("long")["output"]] == [200_000] * 3


def test_the_store_goes_and_comes_back(answers: Door, database: Database) -> None:
    answers.put("at-first", text="before")
    answers.wait("at-first")
    with database.locked():
        answers.put("meanwhile", text="meanwhile")
        assert answers.wait("meanwhile")["output"] == "meanwhile"
        assert answers.get("at-first")["output"] == "before"
    query = "SELECT status FROM deepaas_predictions WHERE prediction_id = 'meanwhile'"
    wait_until(lambda: database.rows(query) == [("succeeded",)], "it is noted")


def test_what_is_forgotten_while_the_store_is_away_has_ended(
    tmp_path: Path, serving: Serving
) -> None:
    with serving("together", "--keep-predictions", "1", state=tmp_path) as host:
        together = Door(host, "/cog/together")
        for name in ("first", "second", "third"):
            together.put(name, name=name)
            together.wait(name, "processing")
        database = tmp_path / "deepaas" / "trainings.sqlite"
        with contextlib.closing(sqlite3.connect(database, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            for name in ("first", "second", "third"):
                host.touch(name)
                wait_until(lambda n=name: together.get(n)["status"] != "processing", f"{name} ends")  # type: ignore[misc]
            assert together.get("third")["output"] == "third"
            connection.execute("ROLLBACK")
        query = "/predictions?limit=10"

        def left() -> list[tuple[str, str]]:
            results = together.ask("GET", query).json()["results"]
            return [(one["id"], one["status"]) for one in results]

        wait_until(lambda: left() == [("third", "succeeded")], "the store has heard of the ends")
