"""A model that goes wrong in one call: that call is told clearly, the next one is served."""

import re
import signal
from collections.abc import Iterator

import pytest
from support.client import Upload
from support.host import Host, start_host
from support.processes import send_to_all
from support.shape import assert_failure
from support.waiting import wait_until

pytestmark = pytest.mark.usefixtures("since")

EXCEPTIONS = [
    "value",
    "key_without_args",
    "unpicklable",
    "mute",
    "of_base",
    "keyboard_interrupt",
    "generator_exit",
    "stop_iteration",
    "memory",
    "unicode",
    "huge",
    "lines",
    "cause",
    "recursion",
]
HTTP_EXCEPTIONS = {
    "bad_request": (400, "the picture is upside down"),
    "not_found": (404, "no such label"),
    "insufficient_storage": (507, "the disk is full"),
    "http_base": (500, "something of mine failed"),
    "http_base_object": (500, "an object as reason"),
}
LEAVES = ["sys_exit", "sys_exit_0", "sys_exit_text", "sys_exit_with_a_thread"]
DEATHS = [
    "os_exit",
    "os_exit_0",
    "segfault",
    "abort",
    "sigkill",
    "out_of_memory",
]
UNSENDABLE = ["object", "circular", "function"]
ODD = ["set", "bytes", "tuple_keys", "deep", "nan", "surrogate", "generator"]


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    """One for all of these tests, which leave it whole."""
    with start_host(["raises", "dies", "returns", "loads_once", "plain"]) as host:
        yield host


def test_exceptions(host: Host) -> None:
    for what in EXCEPTIONS:
        message = assert_failure(host.predict("raises", what=what), 500)
        assert "\n" not in message
        assert host.predict("raises", what="nothing").status == 200, f"after {what}"


def test_the_id_of_a_failure_stands_in_the_log_with_the_traceback(host: Host) -> None:
    answer = host.predict("raises", what="cause")
    assert_failure(answer, 500)
    ids = re.findall(r"[0-9a-f]{8,}", answer.body.decode())
    assert ids, answer.body
    log = wait_until(lambda: host.log() if ids[0] in host.log() else "", "the id is logged")
    traceback = log[log.index(ids[0]) :]
    assert "Traceback (most recent call last)" in traceback
    assert "raises.py" in traceback
    assert "KeyError: 'inner'" in traceback
    assert "RuntimeError: outer" in traceback


def test_http_exceptions_of_the_model_keep_status_and_reason(host: Host) -> None:
    for what, (status, reason) in HTTP_EXCEPTIONS.items():
        assert reason in assert_failure(host.predict("raises", what=what), status)
    assert_failure(host.predict("raises", what="not_implemented"), 501)
    assert host.predict("raises", what="nothing").status == 200


def test_sys_exit_ends_its_call_only() -> None:
    with start_host(["dies"]) as host:
        first = host.predict("dies", how="nothing").json()
        for how in LEAVES:
            assert "SystemExit" in assert_failure(host.predict("dies", how=how), 500)
            assert host.predict("dies", how="nothing").json() == first


@pytest.mark.parametrize("how", DEATHS)
def test_the_process_dies(host: Host, how: str) -> None:
    first = host.predict("dies", how="nothing").json()["predictions"]["pid"]
    assert_failure(host.predict("dies", how=how), 500)
    # The neighbour is served at once, the model itself by a new process.
    assert host.predict("plain", text="here").json()["predictions"] == {"text": "here"}
    second = host.predict("dies", how="nothing")
    assert second.status == 200
    assert second.json()["predictions"]["pid"] != first
    wait_until(host.is_ready, "ready again")
    assert host.readiness("dies")["workers_ready_count"] == 1


def test_readiness_follows_the_death_of_the_only_worker(host: Host) -> None:
    before = host.readiness("dies")
    assert before["status"] == "ready"
    assert before["workers_count"] == before["workers_ready_count"] == 1
    assert_failure(host.predict("dies", how="segfault"), 500)
    away = host.get("/readyz")
    assert away.status == 503
    assert away.json()["ready"] is False
    assert away.json()["models"]["dies"]["workers_ready_count"] == 0
    wait_until(host.is_ready, "ready again")
    assert host.get("/readyz").json()["ready"] is True


def test_deaths_in_a_row_hurt_only_their_own_calls(host: Host) -> None:
    for _ in range(3):
        assert_failure(host.predict("dies", how="sigkill"), 500)
    assert host.predict("dies", how="nothing").status == 200


def test_calls_in_the_queue_are_served_by_the_replacement(host: Host) -> None:
    host.touch("load")
    fatal = host.begin("loads_once", die=True)
    waiting = [host.begin("loads_once") for _ in range(20)]
    assert_failure(fatal.result(), 500)
    assert [call.result().status for call in waiting] == [200] * 20


@pytest.mark.parametrize("what", UNSENDABLE)
def test_answers_that_cannot_be_sent(host: Host, what: str) -> None:
    assert_failure(host.predict("returns", what=what), 500)
    answer = host.predict("returns", what="fine")
    assert answer.json()["predictions"] == {"fine": True}


@pytest.mark.parametrize("what", ODD)
def test_odd_answers_are_valid_json_or_a_failure(host: Host, what: str) -> None:
    answer = host.predict("returns", what=what)
    if answer.status == 200:
        assert b"NaN" not in answer.body
        assert answer.json()["status"] == "OK"
    else:
        assert_failure(answer, 500)
    assert host.predict("returns", what="fine").status == 200


def test_a_second_worker_serves_while_the_first_is_replaced_and_idle_ones_are_too() -> None:
    with start_host(["loads_once"], "--workers", "2", wait=False) as host:
        host.touch("load")
        host.wait_until_ready()
        wait_until(lambda: host.readiness("loads_once")["workers_ready_count"] == 2, "both are")
        (host.home / "load").unlink()  # The replacement has to wait.
        assert_failure(host.predict("loads_once", die=True), 500)
        assert host.predict("loads_once").status == 200
        assert host.readiness("loads_once")["workers_ready_count"] == 1
        assert host.is_ready()
        host.touch("load")
        wait_until(
            lambda: host.readiness("loads_once")["workers_ready_count"] == 2,
            "both workers are back",
        )
        # And all at once while nothing is asked, with what watches over them.
        others = [one for one in host.family() if one.pid != host.process.pid]
        send_to_all(others, signal.SIGKILL)
        assert host.predict("loads_once").status in (200, 500)
        assert host.predict("loads_once").status == 200


def test_the_upload_of_a_fatal_call_is_removed(host: Host) -> None:
    answer = host.predict("dies", how="sigkill", upload=Upload(5_000_000))
    assert_failure(answer, 500)
    wait_until(lambda: not host.temporary_files(), "the upload is gone")
