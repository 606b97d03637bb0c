"""Models that do something to their own process: the next calls are right all the same."""

import pytest
from support.client import Upload
from support.content import MB
from support.host import start_host
from support.shape import assert_failure
from support.waiting import wait_until

CHANGES = [
    "folder",
    "environment",
    "signals",
    "standard",
    "loggers",
    "socket_timeout",
    "recursion",
    "paths",
    "collector",
]


@pytest.mark.parametrize("what", CHANGES)
def test_changes(what: str) -> None:
    with start_host(["changes", "large"]) as host:
        assert host.predict("changes", what=what, upload=Upload(MB)).status == 200
        for size in (0, 10, 3 * MB):
            answer = host.predict("changes", upload=Upload(size))
            assert answer.status == 200, answer.body
            assert answer.json()["predictions"]["size"] == size
        assert host.get("/v2/models/changes/").status == 200


@pytest.mark.parametrize("what", ["objects", "descriptors"])
def test_closed_output(what: str) -> None:
    with start_host(["closes"]) as host:
        assert host.predict("closes", what=what).status == 200
        for _ in range(3):
            assert host.predict("closes", what="nothing").status == 200


def test_closed_everything() -> None:
    with start_host(["closes"]) as host:
        assert_failure(host.predict("closes", what="everything"), 500)
        assert host.predict("closes", what="nothing").status == 200


def test_what_a_model_prints_is_in_the_log_with_its_name() -> None:
    with start_host(["prints"]) as host:
        assert host.predict("prints", text="a remark").status == 200
        wait_until(lambda: "a remark from C" in host.log(), "the output is logged")
        for end in ("on stdout", "on stderr", "by logging", "from C"):
            lines = [line for line in host.log().splitlines() if f"a remark {end}" in line]
            assert lines, end
            assert all("prints" in line for line in lines)
        assert "welcome to my model" in host.log()
        assert "\x1b[32m" not in host.log()


@pytest.mark.parametrize("newlines", [True, False])
def test_fifty_megabytes_of_output(newlines: bool) -> None:
    with start_host(["prints", "plain"], "--debug-endpoint") as host:
        call = host.begin("prints", megabytes=50, newlines=newlines)
        wait_until(lambda: _served(host.predict("plain").seconds) or call.done(), "served")
        assert call.result().json()["predictions"] == {"printed_bytes": 50_000_000}
        debug = host.get("/v2/debug/")
        assert debug.status == 200
        assert 0 < debug.size < 5 * MB


@pytest.mark.parametrize(
    "how",
    [
        "subprocess",
        "session",
        "shell",
        "fork",
        "deaf_fork",
        "multiprocessing",
        "thread",
    ],
)
@pytest.mark.parametrize("end", ["stop", "die"])
def test_children_do_not_outlive_the_model(how: str, end: str) -> None:
    with start_host(["spawns"]) as host:
        if end == "die":
            family = {process.pid for process in host.family()}
            answer = host.predict("spawns", how=how, die=True)
            assert_failure(answer, 500)
            assert answer.seconds < 5
            # The host, and one new worker: what the first one had started has gone with it.
            wait_until(host.is_ready, "ready again")
            wait_until(lambda: len(host.family()) <= len(family), "the children have gone", 10)
        else:
            assert host.predict("spawns", how=how).status == 200
        for number in range(3):
            answer = host.predict("spawns", how="nothing", text=str(number))
            assert answer.json()["predictions"] == {"text": str(number)}


def test_a_child_that_comes_back_from_predict_as_well() -> None:
    with start_host(["spawns"]) as host:
        answer = host.predict("spawns", how="fork_returns", text="mine")
        if answer.status == 200:
            assert answer.json()["predictions"] == {"text": "mine"}
        else:
            assert_failure(answer, 500)
        for number in range(20):
            answer = host.predict("spawns", how="nothing", text=str(number))
            assert answer.status == 200, answer.body
            assert answer.json()["predictions"] == {"text": str(number)}


def test_a_question_on_the_terminal_is_not_waited_for() -> None:
    with start_host(["reads_stdin"]) as host:
        answer = host.predict("reads_stdin", timeout=10)
        assert "EOF" in assert_failure(answer, 500)


def _served(seconds: float) -> bool:
    assert seconds < 2, "the neighbour had to wait"
    return False
