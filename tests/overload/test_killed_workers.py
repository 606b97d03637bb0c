"""Whoever kills workers costs the calls that these work on, and no others."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

import psutil
import pytest
from support.host import Host, start_host
from support.processes import is_reaper
from support.storm_size import Size
from support.trainings import Client
from support.waiting import wait_until

from deepaas.workers.slot import CREDIT_SECONDS, KILLS_COUNT, LONGEST_DELAY_SECONDS, Slot

MODEL = "killed_while_loading"
LEAN = ("--no-ui", "--no-train-endpoint")
WAIT_SECONDS = 120


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    """With a model that was killed at first, too: an operator may do so once or twice."""
    with start_host([MODEL, "killed_at_first"], "--no-ui") as host:
        assert host.predict(MODEL).status == 200
        yield host
        assert "cannot be served" not in host.log()


def killed(host: Host, when: str) -> int:
    """How often it was killed then."""
    return host.journal().count(f"killed: {when}")


def workers(host: Host) -> list[psutil.Process]:
    """Its workers, at whatever point of their lives."""
    found = []
    for process in psutil.Process(host.process.pid).children(recursive=True):
        with suppress(psutil.Error):
            if "deepaas.runtime" in process.cmdline() and not is_reaper(process):
                found.append(process)
    return found


def test_a_storm_of_kills(size: Size) -> None:
    """Calls wait for the next worker, whichever part of its life the last one was killed in."""
    kills, clients = size(8, 600), size(3, 16)
    with start_host(["plain"], "--workers", "2", *LEAN) as host:
        statuses: Counter[int] = Counter()
        lock, over = threading.Lock(), threading.Event()

        def ask() -> None:
            while not over.is_set():
                answer = host.predict("plain", timeout=WAIT_SECONDS)
                with lock:
                    statuses[answer.status] += 1

        threads = [threading.Thread(target=ask) for _ in range(clients)]
        for thread in threads:
            thread.start()
        kills_count, dice = 0, random.Random(12)
        while kills_count < kills:
            if victims := workers(host):
                with suppress(psutil.NoSuchProcess):
                    dice.choice(victims).kill()
                    kills_count += 1
            time.sleep(dice.uniform(0.05, 0.5))  # Whatever a worker is doing then.
        over.set()
        for thread in threads:
            thread.join()
        assert set(statuses) <= {200, 500}, statuses
        # A worker has one call at a time.
        assert statuses[500] <= kills_count
        assert statuses[200] > 0
        wait_until(host.is_ready, "both workers are there again", WAIT_SECONDS)


@pytest.mark.parametrize("when", ["load", "warm"])
def test_a_model_that_has_served_is_not_broken_by_kills(host: Host, when: str) -> None:
    """Calls wait meanwhile; as many kills would be the end of one that never served."""
    before = killed(host, when)
    for number in range(KILLS_COUNT + 1):
        host.touch(f"{when}-{number}")
    assert host.predict(MODEL, die="true").status == 500
    assert host.predict(MODEL, timeout=WAIT_SECONDS).status == 200
    assert killed(host, when) == before + KILLS_COUNT + 1
    assert "cannot be served" not in host.log()


def test_a_model_that_is_killed_while_it_is_loaded_first(host: Host) -> None:
    """An operator may do so once or twice."""
    assert host.predict("killed_at_first").status == 200
    assert host.journal().count("loads") == KILLS_COUNT
    assert "cannot be served" not in host.log()


def test_a_training_whose_process_is_killed_before_it_begins(host: Host) -> None:
    before = killed(host, "load")
    for number in range(2):
        host.touch(f"load-{number}")
    client = Client(host, MODEL)
    assert client.wait(client.begin())["status"] == "done"
    assert killed(host, "load") == before + 2
    assert host.journal().count("trains") == 1


def test_a_model_that_is_killed_always_is_at_fault_in_the_end() -> None:
    """Its pauses grow then as those of any other that cannot be loaded."""
    slot = Slot(1)
    assert [slot.forgives(served=False, now=0.0) for _ in range(4)] == [True, True, False, False]
    slot = Slot(1)
    slot.failures_count = 1
    slot.answered()
    for _ in range(100):
        assert slot.forgives(served=True, now=CREDIT_SECONDS / 2 + 0.1)
        assert slot.delay_seconds() <= 1.0
    late = 2 * CREDIT_SECONDS + 1
    assert not slot.forgives(served=True, now=late)
    slot.failures_count += 1
    slot.broken = "was killed by SIGKILL"
    assert slot.delay_seconds() < LONGEST_DELAY_SECONDS
    # Until its worker has answered a call again.
    slot.answered()
    assert slot.forgives(served=True, now=late)
