"""Addresses of clients are told how a prediction goes on, whatever they do."""

import contextlib
import os
import re
from pathlib import Path

import pytest
from support.waiting import wait_until

from .conftest import Serving
from .door import Door, Received, Receiver

pytestmark = pytest.mark.xdist_group("cog_door")


def statuses(receiving: Receiver, path: str) -> list[str]:
    return [one["status"] for one in receiving.told(path)]


def test_from_the_start_to_the_end(streams: Door, receiving: Receiver) -> None:
    streams.put("told", webhook=f"{receiving.url}/told", name="told", gated=True)
    for number in range(3):
        wait_until(lambda n=number: len(receiving.told("/told")) > n, "it was told")  # type: ignore[misc]
        streams.host.touch(f"told-{number}")
    told = receiving.wait("/told", "succeeded")
    assert {"id", "logs", "metrics", "status"} == told[0].keys()
    outputs = [one.get("output", []) for one in told]
    assert outputs == sorted(outputs)
    assert outputs[-1] == ["0", "1", "2"]
    assert [one["status"] for one in told] == ["processing"] * (len(told) - 1) + ["succeeded"]
    first = receiving.received[0]
    assert (first.method, first.headers["content-type"]) == ("POST", "application/json")


def test_only_what_was_asked_for(answers: Door, receiving: Receiver) -> None:
    for name, events in (("none", []), ("end", ["completed"])):
        body = {
            "input": {"text": "x"},
            "webhook": f"{receiving.url}/{name}",
            "webhook_events_filter": events,
        }
        # Whoever waits for the answer gets webhooks too.
        assert answers.ask("POST", "/predictions", body).status == 200
    assert receiving.wait("/end", "succeeded")[0]["output"] == "x"
    assert statuses(receiving, "/end") == ["succeeded"]
    assert receiving.told("/none") == []


def test_what_comes_fast_is_told_at_intervals(streams: Door, receiving: Receiver) -> None:
    streams.put("fast", webhook=f"{receiving.url}/fast", name="fast", count=2000)
    told = receiving.wait("/fast", "succeeded")
    assert len(told[-1]["output"]) == 2000
    moments = [one.moment for one in receiving.received if one.path == "/fast"]
    assert len(moments) <= 4 + (moments[-1] - moments[0]) / 0.45


def test_a_slow_receiver_holds_nothing_up(answers: Door, receiving: Receiver) -> None:
    receiving.hold.clear()
    answers.put("slow-hook", webhook=f"{receiving.url}/slow", text="slow-hook")
    assert answers.wait("slow-hook")["status"] == "succeeded"
    assert answers.predict(text="meanwhile")["output"] == "meanwhile"
    wait_until(lambda: statuses(receiving, "/slow") == ["processing"], "it was told of the start")
    receiving.hold.set()
    receiving.wait("/slow", "succeeded")
    assert statuses(receiving, "/slow")[-1] == "succeeded"


def test_who_does_not_answer_holds_no_prediction(streams: Door, receiving: Receiver) -> None:
    receiving.hold.clear()
    count = 60
    for number in range(count):
        body = {
            "input": {"name": f"hung-{number}", "count": 1, "size": 70_000},
            "webhook": f"{receiving.url}/hung",
            "webhook_events_filter": ["start", "output", "completed"],
        }
        assert streams.ask("POST", "/predictions", body).json()["status"] == "succeeded"
    pid = streams.host.process.pid

    def journals() -> int:
        found = 0
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # It has just been closed.
                found += "(deleted)" in str(link.readlink())
        return found

    # Not none: Python finds some only in its next collection.
    wait_until(lambda: journals() < count / 3, "they are closed")
    receiving.hold.set()
    wait_until(lambda: statuses(receiving, "/hung").count("succeeded") == count, "all are told")


def test_the_end_is_told_again_until_it_is_heard(answers: Door, receiving: Receiver) -> None:
    said: list[tuple[int, dict[str, str], bytes] | None] = [
        None,
        (500, {}, b""),
        (429, {}, b""),
        (200, {}, b""),
    ]

    def failing(request: Received) -> tuple[int, dict[str, str], bytes] | None:
        if request.json()["status"] == "processing":
            return (500, {}, b"")
        return said.pop(0)

    receiving.answer = failing
    answers.put("again", webhook=f"{receiving.url}/again", text="again")
    wait_until(lambda: not said, "it was heard")
    assert statuses(receiving, "/again")[-4:] == ["succeeded"] * 4
    assert set(statuses(receiving, "/again")[:-4]) <= {"processing"}


def test_who_refuses_is_not_told_again(answers: Door, receiving: Receiver) -> None:
    receiving.answer = lambda _request: (404, {}, b"")
    answers.put("no", webhook=f"{receiving.url}/no", text="no")
    receiving.wait("/no", "succeeded")
    answers.put("yes", webhook=f"{receiving.url}/yes", text="yes")
    receiving.wait("/yes", "succeeded")
    assert statuses(receiving, "/no").count("succeeded") == 1


def test_a_redirect_is_not_followed(answers: Door, receiving: Receiver) -> None:
    receiving.answer = lambda _request: (307, {"Location": f"{receiving.url}/there"}, b"")
    answers.put("hop", webhook=f"{receiving.url}/here", text="hop")
    receiving.wait("/here", "succeeded")
    assert receiving.told("/there") == []


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/x", "nonsense", "ftp://127.0.0.1/", "//"])
def test_a_receiver_that_is_not_there(answers: Door, address: str) -> None:
    answer = answers.ask("POST", "/predictions", {"input": {"text": "x"}, "webhook": address})
    assert (answer.status, answer.json()["output"]) == (200, "x")


def test_the_token_and_the_trace(serving: Serving, receiving: Receiver) -> None:
    os.environ["WEBHOOK_AUTH_TOKEN"] = "a secret"
    try:
        with serving("answers", "--cog-private-urls") as host:
            answers = Door(host, "/cog/answers")
            body = {"input": {"text": "x"}, "webhook": f"{receiving.url}/token"}
            trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
            assert answers.ask("POST", "/predictions", body, traceparent=trace).status == 200
            # The last ones are told before the host has gone.
    finally:
        del os.environ["WEBHOOK_AUTH_TOKEN"]
    headers = receiving.received[-1].headers
    assert receiving.told("/token")[-1]["status"] == "succeeded"
    assert (headers["authorization"], headers["traceparent"]) == ("Bearer a secret", trace)
    assert re.fullmatch("[0-9a-f]{16}", headers["x-request-id"])
