"""The watch itself sees what holds a loop."""

from failures.waiting import wait_until

from .loop_watch import MAX_MS, watched_host


def test_a_watched_host_tells_its_slow_callbacks_and_is_quick_when_idle() -> None:
    with watched_host(["echo"]) as (host, loop):
        for _ in range(20):
            assert host.get("/healthz").status == 200
        assert loop.longest_ms() < MAX_MS, loop.slow()
        # The first document is slow: it is made then. So the watch does see something.
        assert host.get("/swagger.json").status == 200
        wait_until(lambda: loop.longest_ms() > 0, "that was noted")
