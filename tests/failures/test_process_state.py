"""Models that do something to their own process: the next calls are right all the same."""

import os
import signal
from collections.abc import Iterator

import pytest
from support.client import Upload
from support.content import MB
from support.host import Host, start_host
from support.lasting import Since
from support.shape import assert_failure
from support.storm_size import Size
from support.waiting import wait_until

pytestmark = pytest.mark.usefixtures("since")

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


SPAWNED = [
    "subprocess",
    "session",
    "shell",
    "fork",
    "deaf_fork",
    "multiprocessing",
    "thread",
]


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    """One for all of these tests, which leave it whole."""
    models = ["changes", "closes", "prints", "plain", "spawns", "reads_stdin"]
    with start_host(models, "--debug-endpoint") as host:
        yield host


def _replace(since: Since, model: str, pid: int) -> None:
    """Have the next test begin with a worker that nobody has touched."""
    before = since.restarts_count(model)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: since.restarts_count(model) > before, "it has gone")


@pytest.mark.parametrize("what", CHANGES)
def test_changes(host: Host, since: Since, what: str) -> None:
    first = host.predict("changes", what=what, upload=Upload(MB))
    assert first.status == 200
    pid = first.json()["predictions"]["pid"]
    for size in (0, 10, 3 * MB):
        answer = host.predict("changes", upload=Upload(size))
        assert answer.status == 200, answer.body
        assert answer.json()["predictions"] == {"pid": pid, "size": size}
    assert host.get("/v2/models/changes/").status == 200
    assert since.restarts_count("changes") == 0
    _replace(since, "changes", pid)


@pytest.mark.parametrize("what", ["objects", "descriptors"])
def test_closed_output(host: Host, since: Since, what: str) -> None:
    assert host.predict("closes", what=what).status == 200
    for _ in range(3):
        answer = host.predict("closes", what="nothing")
        assert answer.status == 200
    _replace(since, "closes", answer.json()["predictions"]["pid"])


def test_closed_everything(host: Host) -> None:
    assert_failure(host.predict("closes", what="everything"), 500)
    assert host.predict("closes", what="nothing").status == 200


def test_what_a_model_prints_is_in_the_log_with_its_name(host: Host) -> None:
    assert host.predict("prints", text="a remark").status == 200
    wait_until(lambda: "a remark from C" in host.log(), "the output is logged")
    for end in ("on stdout", "on stderr", "by logging", "from C"):
        lines = [line for line in host.log().splitlines() if f"a remark {end}" in line]
        assert lines, end
        assert all("prints" in line for line in lines)
    host.wait_for_log("welcome to my model")
    assert "\x1b[32m" not in host.log()


@pytest.mark.parametrize("newlines", [True, False])
def test_megabytes_of_output(host: Host, newlines: bool, size: Size) -> None:
    megabytes = size(12, 50)
    call = host.begin("prints", megabytes=megabytes, newlines=newlines)
    wait_until(lambda: _served(host.predict("plain").seconds) or call.done(), "served")
    assert call.result().json()["predictions"] == {"printed_bytes": megabytes * 1_000_000}
    debug = host.get("/v2/debug/")
    assert debug.status == 200
    assert 0 < debug.size < 5 * MB


@pytest.mark.parametrize("how", SPAWNED)
def test_children_do_not_outlive_the_worker(host: Host, since: Since, how: str) -> None:
    assert_failure(host.predict("spawns", how=how, die=True, timeout=20), 500)
    # The host, and one new worker: what the first one had started has gone with it.
    wait_until(host.is_ready, "ready again")
    wait_until(lambda: len(host.family()) <= since.family_count, "the children have gone", 10)
    for number in range(3):
        answer = host.predict("spawns", how="nothing", text=str(number))
        assert answer.json()["predictions"] == {"text": str(number)}


def test_children_do_not_outlive_the_host() -> None:
    with start_host(["spawns"]) as host:
        for how in SPAWNED:
            assert host.predict("spawns", how=how).status == 200
            for number in range(3):
                answer = host.predict("spawns", how="nothing", text=str(number))
                assert answer.json()["predictions"] == {"text": str(number)}
        assert host.stop() == 0
        left = [process.cmdline() for process in host.family()]
        assert left == []


def test_a_child_that_comes_back_from_predict_as_well(host: Host) -> None:
    answer = host.predict("spawns", how="fork_returns", text="mine")
    if answer.status == 200:
        assert answer.json()["predictions"] == {"text": "mine"}
    else:
        assert_failure(answer, 500)
    for number in range(20):
        answer = host.predict("spawns", how="nothing", text=str(number))
        assert answer.status == 200, answer.body
        assert answer.json()["predictions"] == {"text": str(number)}
    assert_failure(host.predict("spawns", how="nothing", die=True), 500)  # Its child goes, too.


def test_a_question_on_the_terminal_is_not_waited_for(host: Host) -> None:
    answer = host.predict("reads_stdin", timeout=10)
    assert "EOF" in assert_failure(answer, 500)


def _served(seconds: float) -> bool:
    assert seconds < 2, "the neighbour had to wait"
    return False
