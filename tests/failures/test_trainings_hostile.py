"""Trainings whose code gets in the host's way: no run without an end, no host that hangs."""

import time
from collections.abc import Iterator
from http.client import HTTPConnection

import pytest
from support import client as http
from support.host import Host
from support.lasting import Since
from support.shape import assert_failure
from support.trainings import Client, Ground, processes_of_trainings
from support.waiting import wait_until

MODEL = "trains_badly"


@pytest.fixture(scope="module")
def host(lasting_ground: Ground) -> Iterator[Host]:
    """One for all of these tests. What waits for the end of the grace fails."""
    with lasting_ground.host("--cancel-grace", "600", models=(MODEL,)) as host:
        yield host


@pytest.fixture(scope="module")
def ended_run(host: Host) -> str:
    """A training that has ended."""
    client = Client(host, MODEL)
    run = client.begin("environment")
    client.wait(run)
    return run


@pytest.mark.parametrize("how", ["pool", "polled_pool"])
def test_a_pool_of_forked_processes(host: Host, how: str) -> None:
    """It ends its processes with SIGTERM, and waits for them; get_metadata raises, too."""
    run = Client(host, MODEL).begin(how)
    assert Client(host, MODEL).wait(run)["result"]["output"] == [1, 4, 9]


def test_a_pool_of_forked_processes_in_a_prediction(host: Host) -> None:
    assert host.predict(MODEL, how="pool", timeout=20).json()["predictions"] == [1, 4, 9]


def test_a_result_that_cannot_be_kept(host: Host) -> None:
    client = Client(host, MODEL)
    ended = client.wait(client.begin("spool"))
    assert ended["status"] == "error"
    assert "result cannot be stored" in ended["message"]
    assert client.wait(client.begin("environment"))["status"] == "done"


def test_pipes_where_files_belong(host: Host) -> None:
    client = Client(host, MODEL)
    assert client.wait(client.begin("pipe"))["status"] == "done"
    assert client.wait(client.begin("environment"))["status"] == "done"


def test_cancelled_while_its_arguments_are_loaded(host: Host, since: Since) -> None:
    client = Client(host, MODEL)
    run = client.begin("waits", checked="slowly")
    wait_until(lambda: "loading" in since.journal(), "it loads")
    assert client.cancel(run)["status"] == "cancelled"
    assert "ready" not in since.journal()


def test_what_saves_at_its_exit_has_the_grace(host: Host, since: Since) -> None:
    client = Client(host, MODEL)
    run = client.begin("saves_late")
    wait_until(lambda: "ready" in since.journal(), "it runs")
    assert client.cancel(run)["status"] == "cancelled"
    assert client.files(run) == {"saved": b"whole"}


def test_cancelled_while_a_thread_keeps_it(host: Host, since: Since) -> None:
    client = Client(host, MODEL)
    run = client.begin("lingers")
    wait_until(lambda: "leaves" in since.journal(), "train returns")
    cancelled = client.cancel(run)
    assert cancelled["status"] == "done"
    assert cancelled["result"]["output"] == {"text": "result"}
    assert processes_of_trainings(host) == []


@pytest.mark.parametrize("last_id", ["9" * 23 + "-0", "²", "1-nan", "1-inf", "-1", "0-x", "9" * 15])
def test_places_that_no_stream_has(host: Host, ended_run: str, last_id: str) -> None:
    path = f"/v2/models/{MODEL}/train/{ended_run}"
    headers = {"Accept": "text/event-stream", "Last-Event-ID": last_id.encode().decode("latin-1")}
    for what in ("logs", "events"):
        answer = http.request(host.port, "GET", f"{path}/{what}", headers=headers)
        assert answer.status in (200, 204), answer.body


def test_a_tail_of_any_length(host: Host, ended_run: str) -> None:
    answer = host.get(f"/v2/models/{MODEL}/train/{ended_run}/logs?tail={'0' * 12}{'9' * 5000}")
    assert answer.status == 422


def test_arguments_that_would_hold_up_predictions(host: Host) -> None:
    """Those of many megabytes are checked by the run itself."""
    body = b'{"how": "environment", "more": "' + b"x" * (6 * 2**20) + b'"}'
    path = f"/v2/models/{MODEL}/train/"
    asked = _post(host, path, body)
    assert asked.status == 200, asked.body
    assert asked.json()["args"] is None
    assert Client(host, MODEL).wait(asked.json()["uuid"])["status"] == "done"
    wrong = _post(host, path, body.replace(b'"environment"', b"[1, 2, 3, 4, 5]"))
    ended = Client(host, MODEL).wait(wrong.json()["uuid"])
    assert ended["status"] == "error"
    assert "Not a valid string." in ended["message"]
    assert_failure(host.get(f"{path}{'0' * 32}"), 404)


def _post(host: Host, path: str, body: bytes) -> http.Answer:
    connection = HTTPConnection("127.0.0.1", host.port, timeout=60)
    start = time.monotonic()
    connection.request("POST", path, body, {"Content-Type": "application/json"})
    return http.finish(connection, start)
