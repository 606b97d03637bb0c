"""A door of another package is served beside ours; one that does not work harms nobody."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.host import Host, run_host, start_host

PROGRAMS = Path(sys.executable).parent

ENTRY_POINTS = """
[deepaas.protocol]
plain-text = plain_door:setup
unopened = plain_door:unopened
clumsy = plain_door:clumsy
unstarted = plain_door:unstarted
pageless = plain_door:pageless
no-door = plain_door:no_door
missing = no_such_module:setup
unknown-options = plain_door:setup
v2 = plain_door:setup

[deepaas.protocol.options]
unknown-options = no_such_module:Options
"""


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installed package with doors."""
    folder = tmp_path_factory.mktemp("packages")
    info = folder / "third_party_doors-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: third-party-doors\nVersion: 1\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    source = Path(__file__).with_name("plain_door.py")
    (folder / source.name).write_text(source.read_text())
    return folder


@pytest.fixture(scope="module")
def host(packages: Path) -> Iterator[Host]:
    options = ("--no-ui", "--root-protocol", "plain-text")
    with start_host(["plain"], *options, packages=packages) as host:
        yield host


def test_the_command_says_what_there_is(packages: Path, tmp_path: Path) -> None:
    command = [str(PROGRAMS / "deepaas-cli"), "doors"]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(packages), "HOME": str(tmp_path)}
    environment["TMPDIR"] = str(tmp_path)
    ended = subprocess.run([*command, "--json"], env=environment, capture_output=True, text=True)
    assert ended.returncode == 1, ended.stderr
    told = {(one["name"], one["source"]): one for one in json.loads(ended.stdout)}
    plain = told["plain-text", "plain_door:setup"]
    assert (plain["package"], plain["version"]) == ("third-party-doors", "1")
    assert (plain["paths"], plain["root"], plain["works"]) == (["/plain-text"], True, "yes")
    assert "GET /plain-text/{model}" in plain["routes"]
    cog = told["cog", "deepaas.protocols.cog.door:setup"]
    assert cog["works"] == "yes"
    (url,) = (one for one in cog["options"] if one["key"] == "upload_url")
    assert (url["option"], url["section"], url["secret"]) == ("--cog-upload-url", "cog", True)
    assert told["unopened", "plain_door:unopened"]["works"].startswith("no: ModuleNotFoundError: ")
    assert "options cannot be loaded" in told["unknown-options", "plain_door:setup"]["works"]
    assert told["v2", "plain_door:setup"]["works"] == "no: another door has the same name"
    assert list(tmp_path.iterdir()) == []

    text = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert "No module named 'tensorrt'" in text.stdout
    refused = subprocess.run(
        [*command, "--url", "http://host/"], env=environment, capture_output=True, text=True
    )
    assert refused.returncode == 2
    assert "http://host/doors.json" in refused.stderr


def test_its_routes_are_served(host: Host) -> None:
    answer = host.get("/plain-text/plain")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    "path,status",
    [
        ("/plain-text/no/run", 404),
        ("/plain-text/none", 404),
        ("/plain-text/no/such/route", 404),
        ("/plain-text/no/reason", 500),
        ("/health-check", 404),
    ],
)
def test_errors_below_its_paths_have_its_shape(host: Host, path: str, status: int) -> None:
    answer = host.get(path)
    assert answer.status == status
    assert answer.body.startswith(f"{status}: ".encode())
    assert b"ZeroDivision" not in answer.body


def test_doors_that_do_not_work_are_told_of_and_the_others_are_served(host: Host) -> None:
    log = host.log()
    for name, why in {
        "unopened": "tensorrt",
        "clumsy": "path should be started with /",
        "no-door": "must return a deepaas.protocols.Door",
        "missing": "no_such_module",
        "pageless": "the pages of its door must be links",
        "unknown-options": "its options cannot be loaded: No module named 'no_such_module'",
    }.items():
        assert f"the door '{name}' cannot be opened" in log
        assert why in log
    assert "the door 'unstarted' cannot be started" in log
    # Whose name is taken twice, the host has one of, and says so.
    assert "the door 'v2' of" in log
    assert host.get("/v2/models/plain/").status == 200
    assert host.get("/cog/plain/health-check").status == 200


@pytest.mark.parametrize(
    "names,complaint",
    [
        (["plain-text", "cog"], "GET /health-check belongs to both"),
        (["v2"], "root-protocol 'v2': only cog, deepinv, oip, plain-text can be at the root"),
        (["nothing"], "root-protocol 'nothing': only"),
    ],
)
def test_who_cannot_be_at_the_root(packages: Path, names: list[str], complaint: str) -> None:
    options = [word for name in names for word in ("--root-protocol", name)]
    ended = run_host(["plain"], *options, packages=packages)
    assert ended.returncode == 1
    assert complaint in ended.output
    assert ended.output.splitlines()[-1].startswith("deepaas-run: root-protocol ")
