"""A log that nobody reads, or that has no space, stops nobody.

`deepaas-ui` is asked the same in `test_page_connections.py`.
"""

import os
from pathlib import Path

from support.host import start_host
from support.storm_size import Size
from support.waiting import wait_until

from .pipes import Reader, fill, pipe

LEAN = ("--no-ui", "--no-train-endpoint")
LONG = f"/{'x' * 4000}"
"""Makes a record of more than 1000 characters."""


def test_an_unread_log_stops_nobody_and_tells_later_what_is_missing(size: Size) -> None:
    """Not when the host starts, not while it serves, not a model that prints, and not its end."""
    with pipe() as (reading, writing):
        fill(writing)
        with start_host(["prints"], "--debug", *LEAN, output=writing) as host:
            for _ in range(size(1500, 80_000)):
                assert host.get(LONG, timeout=20).status == 404
            assert host.predict("prints", timeout=20).status == 200
            with Reader(reading) as reader:
                dropped = "records were dropped here"
                wait_until(lambda: dropped in reader.text, "the log flows again")
                assert reader.text.count(dropped) == 1
                host.get("/the-last-one")
                wait_until(lambda: "the-last-one" in reader.text, "it goes on")
            fill(writing)
            assert host.predict("prints", megabytes=size(20, 500)).status == 200
            assert host.predict("prints", megabytes=1).status == 200


def test_a_host_starts_and_serves_whose_output_nobody_can_read() -> None:
    with pipe() as (reading, writing):
        os.close(reading)
        with start_host(["plain"], "--debug", *LEAN, output=writing) as host:
            for _ in range(20):
                assert host.predict("plain").status == 200


def test_a_log_without_space_is_no_error_of_its_own() -> None:
    with start_host(["plain"], "--debug", *LEAN, "--log-file", "/dev/full") as host:
        for _ in range(20):
            assert host.predict("plain").status == 200
        assert "Traceback" not in host.log()


def test_a_record_is_written_at_once(tmp_path: Path) -> None:
    file = tmp_path / "host.log"
    with start_host(["plain"], "--debug", *LEAN, "--log-file", str(file)) as host:
        host.get("/the-last-one")
        # Nothing more happens: it does not wait for others.
        wait_until(lambda: "the-last-one" in file.read_text(), "it is written")
