"""A host with keys, and with a door of another package that knows nothing of rights."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from support.host import Host, start_host

from deepaas.access.key_file import changing
from deepaas.access.keys import new_key
from deepaas.access.principal import ALL_RIGHTS, Right

ECHO = Path(__file__).resolve().parents[1] / "doors" / "packages" / "echo_door"
GIVEN = "given-by-the-operator-0123456789"
MODELS = ("plain", "echo", "trains")


class Told(NamedTuple):
    status: int
    headers: Message
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Closed:
    """A host that requires keys.

    Attributes:
        keys: by name: `all`, `nothing`, one named after each right, and `plain-…` with one right
            for the model `plain`.
        routes: all of its router, as method and path.
    """

    host: Host
    file: Path
    keys: dict[str, str]
    routes: Sequence[tuple[str, str]]

    def ask(self, path: str, key: str = "", method: str = "GET", **headers: str) -> Told:
        """Ask with the key of this name."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        # As from another machine: /metrics is open to programs on this one.
        sent["Via"] = "1.1 a-proxy"
        if key:
            sent["Authorization"] = f"Bearer {self.keys.get(key, key)}"
        # Not the client of the other tests, which knows no HEAD.
        connection = HTTPConnection("127.0.0.1", self.host.port, timeout=60)
        try:
            connection.request(method, path, headers=sent)
            answer = connection.getresponse()
            return Told(answer.status, answer.headers, answer.read())
        finally:
            connection.close()


def add_key(file: Path, name: str, rights: Sequence[Right], **more: Any) -> str:
    key, record = new_key(name, rights, **more)
    with changing(file) as keys:
        keys.append(record)
    return key


@pytest.fixture(scope="package")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Closed]:
    folder = tmp_path_factory.mktemp("closed")
    packages = _install_echo(folder / "packages")
    file = folder / "keys.json"
    keys = {"all": add_key(file, "all", list(ALL_RIGHTS)), "nothing": add_key(file, "nothing", [])}
    for right in Right:
        keys[right] = add_key(file, right, [right])
        name = f"plain-{right}"
        keys[name] = add_key(file, name, [right], models=["plain"])
    keys["limited"] = add_key(file, "limited", [Right.PREDICT], limits="2/hour")
    keys["given"] = GIVEN
    with pytest.MonkeyPatch.context() as patch:
        given = folder / "given"
        given.write_text(GIVEN)
        options = ["--keys-file", str(file), "--api-key-file", str(given), "--debug-endpoint"]
        options += ["--client-max-size", "100000000"]
        patch.setenv("OS_ECHO__TOKEN", "secret")
        with start_host(MODELS, *options, packages=packages) as host:
            yield Closed(host, file, keys, _routes(packages))


def _install_echo(folder: Path) -> Path:
    info = folder / "echo_door-1.dist-info"
    info.mkdir(parents=True)
    (folder / "echo_door").symlink_to(ECHO / "echo_door")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: echo-door\nVersion: 1\n")
    (info / "entry_points.txt").write_text(
        "[deepaas.protocol]\necho = echo_door.door:setup\n"
        "[deepaas.protocol.options]\necho = echo_door.options:Options\n"
    )
    return folder


def _routes(packages: Path) -> list[tuple[str, str]]:
    program = Path(__file__).with_name("list_routes.py")
    told = subprocess.run(
        [sys.executable, program, "--debug-endpoint"],
        env={**os.environ, "PYTHONPATH": str(packages)},
        stdout=subprocess.PIPE,
        check=True,
    )
    return [(method, path) for method, path in json.loads(told.stdout)]
