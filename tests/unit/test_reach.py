"""Addresses that work, and who can reach them."""

from __future__ import annotations

import socket

import pytest

from deepaas.access.principal import Principal, Right
from deepaas.cmd.greeting import greeting
from deepaas.model.discovery import FoundModel
from deepaas.protocols.door import Link
from deepaas.reach import is_open, network_url, own_url

MODELS = [FoundModel("demo", "entry_point", "demo", list, origin="./api.py")]
PAGES = [Link("Start page", "/base/"), Link("Swagger interface", "/base/api")]


def test_how_a_program_on_this_machine_calls_a_server() -> None:
    assert own_url(("0.0.0.0", 5000), "/base") == "http://127.0.0.1:5000/base"
    assert own_url(("192.0.2.1", 80), "") == "http://192.0.2.1:80"
    assert own_url(("::", 5000), "") == "http://[::1]:5000"


@pytest.mark.parametrize(
    "ip,opened", [("127.0.0.1", False), ("127.0.0.2", False), ("::1", False), ("0.0.0.0", True)]
)
def test_who_reaches_it(ip: str, opened: bool) -> None:
    assert is_open((ip, 5000)) == opened
    said = greeting((ip, 5000), PAGES, MODELS)
    assert ("Only this machine can connect" in said) != opened
    assert ("Other machines can connect" in said) == opened
    if not opened:
        assert network_url((ip, 5000), "") is None
        assert "On the network" not in said


def test_the_address_of_a_machine_in_its_network_is_one_of_its_own() -> None:
    with socket.create_server(("0.0.0.0", 0)) as listening:
        url = network_url(listening.getsockname(), "/base/")
        if url is None:
            pytest.skip("this machine has no route to others")
        address, _, port = url.removeprefix("http://").partition("/")[0].partition(":")
        assert address not in ("0.0.0.0", "127.0.0.1")
        socket.create_connection((address, int(port)), 5).close()
        assert f"On the network: {url}\n" in greeting(listening.getsockname(), PAGES, MODELS)


def test_one_address_is_told_once() -> None:
    said = greeting(("192.0.2.1", 80), PAGES, MODELS)
    assert said.count("http://192.0.2.1:80/base/\n") == 1
    assert "0.0.0.0" not in greeting(("0.0.0.0", 80), PAGES, MODELS)


def test_the_models_are_named_a_handful_at_most() -> None:
    said = greeting(("::1", 80), PAGES, MODELS * 17)
    assert said.count("demo (./api.py)\n") == 5
    assert " Models: demo (./api.py)\n" in said
    assert " and 12 more\n" in said
    assert "more" not in greeting(("::1", 80), PAGES, MODELS * 5)


def test_who_may_do_what_is_told() -> None:
    assert "Keys: not required" in greeting(("127.0.0.1", 80), PAGES, MODELS)
    owners = [Principal(f"key-{n}", frozenset((Right.PREDICT,)), frozenset("a")) for n in range(7)]
    said = greeting(("127.0.0.1", 80), PAGES, MODELS, owners)
    assert "Keys: key-0 (predict; models a)" in said
    assert "key-4" in said and "and 2 more" in said and "key-5" not in said
    assert "none is valid" in greeting(("127.0.0.1", 80), PAGES, MODELS, [])
