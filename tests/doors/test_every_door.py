"""What each installed door tells of itself is true, whichever doors there are."""

from __future__ import annotations

import importlib.metadata
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from support.client import request
from support.host import Host, start_host

from deepaas.doors import GROUP

NAMES = sorted(point.name for point in importlib.metadata.entry_points(group=GROUP))
PAGE = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with start_host(["plain", "every_output", "oip_tensors"], "--no-ui") as host:
        yield host


@pytest.fixture(scope="module")
def doors(host: Host) -> dict[str, Any]:
    told: list[dict[str, Any]] = host.get("/doors.json").json()["doors"]
    return {door["name"]: door for door in told}


def test_all_are_there(doors: dict[str, Any]) -> None:
    assert sorted(doors) == NAMES
    assert next(iter(doors)) == "v2"


def test_any_key_is_accepted_if_none_is_required(host: Host) -> None:
    for headers in ({"Authorization": "Bearer x"}, {"X-API-Key": "y", "Authorization": "Bearer z"}):
        assert host.get("/v2/models/", headers=headers).status == 200


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_somewhere(name: str, host: Host, doors: dict[str, Any]) -> None:
    door = doors[name]
    assert door["title"]
    links = [
        *door["pages"],
        *(link for model in door["models"].values() for link in model["links"]),
    ]
    assert links
    start = host.get("/", headers=PAGE).body.decode()
    for link in links:
        assert host.get(link["path"].partition("#")[0], headers=PAGE).status == 200, link
        assert f">{link['label']}</a>".replace("'", "&#x27;") in start


@pytest.mark.parametrize("name", sorted({*NAMES} - {"deepinv"}))  # In tests/deepinv.
def test_every_snippet_is_a_call_that_works(name: str, host: Host, doors: dict[str, Any]) -> None:
    (snippet,) = doors[name]["models"]["plain"]["snippets"]
    command = snippet["text"].replace("http://HOST", host.url)
    said = subprocess.run(
        ["sh", "-c", f"{command} -sSf"], capture_output=True, text=True, check=True
    )
    assert "hello" in said.stdout


def test_what_is_switched_off_is_not_told() -> None:
    options = ("--no-predict-endpoint", "--no-train-endpoint", "--no-doc-endpoint")
    with start_host(["trains"], *options) as host:
        for door in host.get("/doors.json").json()["doors"]:
            told = door["models"]["trains"]
            assert told["snippets"] == []
            for link in [*door["pages"], *told["links"]]:
                assert host.get(link["path"]).status == 200, link
        page = host.get("/", headers=PAGE).body
        assert b"Try predict" not in page and b"/try-me/trains/" not in page


TURNS = {
    "X-DEEPaaS-Priority": [
        "0",
        "10",
        "-1",
        "5.5",
        "first",
        "",
        "\u0665".encode().decode("latin-1"),
    ],
    "X-DEEPaaS-Timeout": ["0", "-1", "nan", "inf", "1e999", "soon", "", "1_0", "1, 2", "9" * 200],
}


def _calls(host: Host) -> dict[str, list[tuple[str, str]]]:
    """The methods and paths by door that are documented to have these headers."""
    return {
        name: [
            (method.upper(), path.replace("{prediction_id}", "one"))
            for path, item in host.get(f"/openapi/{name}.json").json()["paths"].items()
            for method, operation in item.items()
            if TURNS.keys() <= {one["name"] for one in operation.get("parameters", ())}
        ]
        for name in NAMES
    }


def test_every_door_has_turns_and_says_what_cannot_be_read(host: Host) -> None:
    calls = _calls(host)
    assert all(calls.values())
    assert not [path for each in calls.values() for _, path in each if "/train" in path]
    for name, each in calls.items():
        method, path = next(one for one in each if "plain" in one[1] or name == "deepinv")
        for header, values in TURNS.items():
            for value in values:
                told = request(host.port, method, path, headers={header: value})
                assert told.status == 400, (name, header, value)
                assert header in told.body.decode()
    # Where nothing is predicted they say nothing.
    assert host.get("/v2/models/", headers={"X-DEEPaaS-Priority": "first"}).status == 200
