"""Nobody can hold a model up with arguments whose check takes for ever."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

import psutil
import pytest
from support import client
from support.host import Host, start_host
from support.waiting import wait_until

from deepaas.protocols.cog.checking import Checker

EVIL = "a" * 40 + "!"
TRAIN = "/v2/models/slow_checks/train/"
PREDICT = "/v2/models/slow_checks/predict/"
EASE_SECONDS = 20


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    options = ("--cancel-grace", "0.5", "--check-timeout", "2", "--no-ui")
    with start_host(["slow_checks", "trains"], *options) as host:
        yield host


def post(host: Host, path: str, seconds: float = EASE_SECONDS) -> client.Answer:
    return client.request(host.port, "POST", path, timeout=seconds)


def leave(host: Host, path: str) -> None:
    """Ask for something whose check has no end, and leave when that has begun."""
    begun = len(host.journal())
    connection = client.send(host.port, path)
    wait_until(lambda: f"checking {EVIL[:10]}" in host.journal()[begun:], "the check has begun")
    connection.close()


def assert_answers(host: Host) -> None:
    for _ in range(3):
        assert post(host, PREDICT).status == 200
    assert host.is_ready()
    assert host.get("/v2/models/slow_checks/").json()["name"] == "slow_checks"


def test_a_slow_check_of_a_training_holds_no_prediction_up(host: Host) -> None:
    pid = post(host, PREDICT).json()["predictions"]["pid"]
    leave(host, f"{TRAIN}?text={EVIL}")
    assert_answers(host)
    # The worker did not have to be replaced for that.
    assert post(host, PREDICT).json()["predictions"]["pid"] == pid
    assert post(host, TRAIN).status == 200


def test_a_check_that_nobody_waits_for_is_ended(host: Host) -> None:
    leave(host, f"{TRAIN}?text={EVIL}")
    wait_until(lambda: not _working(host), "no process works on it any more")
    assert post(host, TRAIN).status == 200


@pytest.mark.parametrize("query", [f"text={EVIL}", "seconds=3600"])
def test_a_check_has_a_time_limit(host: Host, query: str) -> None:
    answer = post(host, f"{TRAIN}?{query}")
    assert answer.status == 504, answer.body
    assert "did not validate the arguments of a training run within 2 s" in answer.json()["message"]
    assert_answers(host)
    assert post(host, TRAIN).status == 200


def test_a_field_that_sleeps_holds_no_later_check_up(host: Host) -> None:
    connection = client.send(host.port, f"{TRAIN}?seconds=3600")
    wait_until(lambda: host.journal()[-1].startswith("checking"), "the check has begun")
    connection.close()
    assert post(host, TRAIN).status == 200


def test_a_check_that_ends_its_process_ends_no_prediction(host: Host) -> None:
    pid = post(host, PREDICT).json()["predictions"]["pid"]
    assert post(host, f"{TRAIN}?dies=true").status == 500
    assert post(host, PREDICT).json()["predictions"]["pid"] == pid
    assert post(host, TRAIN).status == 200


def test_a_slow_check_of_a_prediction_costs_its_worker_and_no_more(host: Host) -> None:
    leave(host, f"{PREDICT}?text={EVIL}")
    wait_until(lambda: post(host, PREDICT).status == 200, "predictions are answered again")
    assert_answers(host)


def test_refusals_are_told_as_before(host: Host) -> None:
    answer = post(host, f"{TRAIN}?text=b")
    assert answer.status == 422
    assert "text" in str(answer.json())


def test_quick_arguments_are_checked_without_another_process(host: Host) -> None:
    """As most models' are: they have not to be loaded once more."""
    assert post(host, "/v2/models/trains/train/?count=many").status == 422
    assert "trains/check" not in host.log()


def _working(host: Host) -> list[psutil.Process]:
    """Processes that compute."""
    before = {}
    for one in host.family():
        with contextlib.suppress(psutil.NoSuchProcess):
            before[one.pid] = sum(one.cpu_times()[:2])
    host.settle()
    found = []
    for one in host.family():
        if one.pid != host.process.pid and one.pid in before:
            with contextlib.suppress(psutil.NoSuchProcess):
                if sum(one.cpu_times()[:2]) > before[one.pid]:
                    found.append(one)
    return found


def test_cogs_door_looks_for_no_expression_that_can_be_slow() -> None:
    """That would be in the host's event loop; the worker looks for those."""
    slow = {"type": "string", "pattern": r"^(a|aa)+\1b$"}
    schema = {"properties": {"texts": {"type": "array", "items": slow}}}
    checker = Checker(schema)
    began = time.thread_time()
    checker.faults({"texts": ["a" * 25] * 100})
    assert time.thread_time() - began < 0.05
    # What takes time in proportion to the text is looked for as ever.
    schema = {"properties": {"text": {"type": "string", "pattern": "^(a+)+$"}}}
    assert Checker(schema).faults({"text": EVIL})
