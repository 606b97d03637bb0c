"""Models that do not come back."""

import pytest
from support.host import start_host
from support.shape import assert_failure
from support.waiting import wait_until


@pytest.mark.parametrize("how", ["sleep", "stubborn", "regex", "lock", "stopped"])
def test_a_call_that_does_not_end(how: str) -> None:
    with start_host(["blocks", "plain"], "--predict-timeout", "1") as host:
        first = host.predict("blocks", how="nothing").json()["predictions"]["pid"]
        call = host.begin("blocks", how=how)
        waiting = host.begin("blocks", how="nothing")
        assert host.predict("plain").status == 200
        answer = call.result()
        assert_failure(answer, 504)
        assert 0.9 < answer.seconds < 4
        assert waiting.result().status == 200
        assert host.predict("blocks", how="nothing").json()["predictions"]["pid"] != first


@pytest.mark.parametrize("how", ["sleep", "stubborn", "regex", "stopped"])
def test_a_call_that_does_not_end_does_not_hold_up_the_end(how: str) -> None:
    with start_host(["blocks"], "--drain-timeout", "0.5") as host:
        call = host.begin("blocks", how=how)
        wait_until(host.journal, "the call runs")
        assert host.stop(seconds=10) == 0
        answer = call.result()
        assert_failure(answer, answer.status)
        assert answer.status in (500, 503, 504)


@pytest.mark.parametrize("how", ["sleep", "regex"])
def test_metadata_is_answered_while_a_call_blocks(how: str) -> None:
    with start_host(["blocks"], "--drain-timeout", "0.5") as host:
        host.begin("blocks", how=how)
        wait_until(host.journal, "the call runs")
        for path in ("/v2/models/", "/v2/models/blocks/"):
            answer = host.get(path, timeout=15)
            assert answer.status == 200
            assert b"blocks" in answer.body


def test_the_limit_does_not_count_the_time_in_the_queue() -> None:
    with start_host(["sleeps"], "--predict-timeout", "1.5") as host:
        calls = [host.begin("sleeps", seconds=0.7) for _ in range(4)]
        assert [call.result().status for call in calls] == [200] * 4
