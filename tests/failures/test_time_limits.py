"""Models that do not come back."""

import time
from collections.abc import Iterator

import pytest
from support.host import Host, start_host
from support.lasting import Since
from support.shape import assert_failure
from support.waiting import wait_until

BLOCKING = ["sleep", "stubborn", "held", "stopped"]


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    """One in which a call may take a second, for tests that leave it whole."""
    with start_host(["blocks", "sleeps", "plain"], "--predict-timeout", "1") as host:
        yield host


@pytest.mark.parametrize("how", [*BLOCKING, "lock", "regex"])
def test_a_call_that_does_not_end(host: Host, since: Since, how: str) -> None:
    first = host.predict("blocks", how="nothing").json()["predictions"]["pid"]
    call = host.begin("blocks", how=how)
    wait_until(lambda: how in since.journal(), "the call runs")
    waiting = host.begin("blocks", how="nothing")
    assert host.predict("plain").status == 200
    answer = call.result()
    assert_failure(answer, 504)
    assert 0.9 < answer.seconds < 15
    assert waiting.result().status == 200
    assert host.predict("blocks", how="nothing").json()["predictions"]["pid"] != first


def test_the_limit_does_not_count_the_time_in_the_queue(host: Host) -> None:
    calls = [host.begin("sleeps", seconds=0.4) for _ in range(4)]
    assert [call.result().status for call in calls] == [200] * 4


def test_a_call_that_no_worker_takes_in_time() -> None:
    with start_host(["gated"], "--queue-timeout", "0.2") as host:
        first = host.begin("gated", label="first", gate="open")
        wait_until(lambda: "start first" in host.journal(), "the first call runs")
        refused = host.predict("gated", label="second")
        assert_failure(refused, 503)
        assert refused.json()["error"] == "queue_timeout"
        assert "0.2 s" in refused.json()["message"]
        assert int(refused.headers["retry-after"]) >= 1
        assert host.readiness("gated")["queued_count"] == 0
        longer = host.predict("gated", label="second", headers={"X-DEEPaaS-Timeout": "50"})
        assert (longer.status, "0.2 s" in longer.json()["message"]) == (503, True)
        host.touch("open")
        # The limit is none for a call that a worker has begun.
        assert first.result().status == 200
        assert host.predict("gated", label="third").status == 200
        assert "start second" not in host.journal()


def test_calls_that_do_not_end_hold_up_neither_metadata_nor_the_end() -> None:
    options = ["--workers", str(len(BLOCKING)), "--drain-timeout", "1"]
    with start_host(["blocks"], *options) as host:
        wait_until(
            lambda: host.readiness("blocks")["workers_ready_count"] == len(BLOCKING), "all are"
        )
        calls = [host.begin("blocks", how=how) for how in BLOCKING]
        wait_until(lambda: sorted(host.journal()) == sorted(BLOCKING), "the calls run")
        for path in ("/v2/models/", "/v2/models/blocks/"):
            answer = host.get(path, timeout=15)
            assert answer.status == 200
            assert b"blocks" in answer.body
        start = time.monotonic()
        assert host.stop() == 0
        assert 0.9 < time.monotonic() - start < 30  # The calls would go on for an hour.
        for call in calls:
            answer = call.result()
            assert_failure(answer, answer.status)
            assert answer.status in (500, 503, 504)
