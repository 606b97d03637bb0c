"""Whatever media type a model offers can be chosen, by every command and at every place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.host import Host, start_host

from deepaas.client import Client
from deepaas.runtime.media import negotiate

from .command import Shell

OFFERED = {
    "text/csv; header=present": ".csv",
    "application/x-odd": "",
    "application/vnd.odd+json": "",
    "x-odd/*": "",
}


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    shell = Shell(tmp_path_factory.mktemp("offered"), "odd_types")
    (shell.folder / "in.csv").write_text("content")
    return shell


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with start_host(["odd_types"], "--no-ui") as host:
        yield host


@pytest.mark.parametrize("asked", OFFERED)
def test_the_older_command(asked: str, shell: Shell) -> None:
    ended = shell.run("-i", "in.csv", "-o", "old", "-ct", asked, program="deepaas-predict")
    assert ended.code == 0, ended.errors
    path = shell.folder / "old" / f"out_in{OFFERED[asked]}"
    assert ended.output == f"Output saved at old/{path.name}\n".encode()
    assert path.read_text() == f'"{asked}"'
    path.unlink()


@pytest.mark.parametrize("asked", ["application/x-other", "what", "a/b\n", "x-odd/x", ""])
def test_the_older_command_refuses_others(asked: str, shell: Shell) -> None:
    ended = shell.run("-i", "in.csv", "-o", "none", "-ct", asked, program="deepaas-predict")
    assert ended.code != 0
    assert asked.strip() in ended.errors
    assert "Traceback" not in ended.errors
    assert not (shell.folder / "none").exists()


@pytest.mark.parametrize(
    ("asked", "here", "there"),
    [("text/csv; header=present", ".csv", ".csv"), ("x-odd/*", "", ".bin")],
)
def test_both_places_of_the_command(
    asked: str, here: str, there: str, shell: Shell, host: Host
) -> None:
    for number, place in enumerate(((), ("--url", host.url))):
        named = f"--deepaas_method_output=new-{number}"
        ended = shell.run(*place, named, "predict", "--file", "in.csv", "--accept", asked)
        assert ended.code == 0, ended.errors
        path = shell.folder / f"new-{number}{there if place else here}"
        assert path.read_text() == f'"{asked}"'
        path.unlink()


@pytest.mark.parametrize("asked", OFFERED)
def test_the_client_in_python(asked: str, host: Host, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("content")
    with Client(host.url) as client:
        answer = client.predict("odd_types", accept=asked, file=tmp_path / "in.csv")
    assert answer in (asked, f'"{asked}"', f'"{asked}"'.encode())


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        ("text/csv;header=present", "text/csv; header=present"),
        ("Text/CSV; Header=Present; q=0.5", "text/csv; header=present"),
        ("text/csv", "text/csv; header=present"),
        ("text/csv; q=0.5, application/x-odd; q=0.4", "text/csv; header=present"),
        ("text/csv; header=absent", "text/csv; header=absent"),
        ("text/csv; header=absent, application/x-odd", "application/x-odd"),
        ("text/csv; q=0", "text/csv; q=0"),
    ],
)
def test_types_with_parameters_in_a_header(header: str, chosen: str) -> None:
    assert negotiate(header, list(OFFERED)) == chosen
