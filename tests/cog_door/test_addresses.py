"""Which addresses the host calls, and how it looks their names up."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deepaas.fetching import addresses
from deepaas.fetching.addresses import may_be_called
from deepaas.fetching.fetcher import Fetcher, FetchLimits, NotFetched

from .conftest import Serving
from .door import Door, Receiver


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "2606:4700::1111", "64:ff9b::101:101", "2002:101:101::", "::ffff:1.1.1.1"],
)
def test_addresses_of_the_public_internet(address: str) -> None:
    assert may_be_called(address)


@pytest.mark.parametrize(
    "address",
    [
        *("10.0.0.1", "100.64.0.1", "127.0.0.1", "169.254.169.254", "192.0.0.9", "224.0.0.1"),
        *("::", "::1", "::127.0.0.1", "::8.8.8.8", "::ffff:10.0.0.1", "64:ff9b::a00:1"),
        *("64:ff9b:1::1", "100::1", "2001::1", "2001:1::1", "2001:db8::1", "2002:a00:1::"),
        *("3fff::1", "5f00::1", "fc00::1", "fe80::1%eth0", "fec0::1", "ff0e::1", "nonsense"),
    ],
)
def test_all_other_addresses(address: str) -> None:
    assert not may_be_called(address)


@pytest.fixture
def slow_names(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The names of these tests take for ever to be looked up."""
    found = threading.Event()
    look_up = socket.getaddrinfo

    def slow(name: Any, *more: Any, **named: Any) -> Any:
        if not str(name).endswith(".test"):  # Other threads look after other tests' hosts.
            return look_up(name, *more, **named)
        found.wait(60)
        raise socket.gaierror(socket.EAI_AGAIN, "nobody knows")

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    monkeypatch.setattr(addresses, "LOOK_UP_SECONDS", 1.0)
    yield
    found.set()


@pytest.mark.usefixtures("slow_names")
@pytest.mark.parametrize("private", [False, True])
async def test_slow_names_hold_up_nobody_else(private: bool, tmp_path: Path) -> None:
    fetcher = Fetcher(FetchLimits(1000, 30.0, private), 100)
    fetching = [
        asyncio.ensure_future(fetcher.fetch(f"http://{number}.test/", tmp_path, number, {}))
        for number in range(80)
    ]
    await asyncio.sleep(0)
    try:
        # Those who read files in threads, say.
        assert await asyncio.wait_for(asyncio.to_thread(lambda: "read"), 10) == "read"
        for outcome in await asyncio.gather(*fetching, return_exceptions=True):
            assert isinstance(outcome, NotFetched)
            assert "timed out" in str(outcome)
    finally:
        await fetcher.close()


def test_slow_servers_do_not_take_all_places(serving: Serving, receiving: Receiver) -> None:
    receiving.hold.clear()
    url = f"{receiving.url}/slow"
    with serving("reads", "--cog-private-urls", "--queue-size", "20") as host:
        reads = Door(host, "/cog/reads")
        names = [f"slow-{number}" for number in range(12)]
        for name in names:
            assert reads.put(name, file=url).status == 202
        for name in names[10:]:
            assert "too many downloads in progress" in reads.wait(name)["error"]
        assert reads.predict(file="data:text/plain,x")["status"] == "succeeded"
        receiving.hold.set()
        for name in names[:10]:
            assert reads.wait(name)["status"] == "succeeded"
