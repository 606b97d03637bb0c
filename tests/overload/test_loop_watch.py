"""The watch itself sees what holds a loop."""

from support.loop_watch import MAX_MS, watched_host
from support.waiting import wait_until


def test_a_watched_host_tells_its_slow_callbacks_and_is_quick_when_idle() -> None:
    options = ("--no-ui", "--no-train-endpoint")
    with watched_host(["echo"], *options, noted_ms=0.05) as (host, loop):
        for _ in range(20):
            assert host.get("/healthz").status == 200
        assert loop.longest_ms() < MAX_MS, loop.slow()
        loop.mark()
        assert host.get("/swagger.json").status == 200
        wait_until(lambda: loop.longest_ms() > 0, "a callback was noted")
