"""DeepInverse's client, as it is: what its user sees is the same as of a local model."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from access.conftest import add_key
from support.client_checks import checks, told
from support.host import Host, free_port, start_host

from benchmarks import deepinv_client
from deepaas.access.principal import Right

from .conftest import PREDICTORS, options_for

CLIENTS = Path(__file__).parent / "clients"
SCRIPT = CLIENTS / "ask_with_deepinv.py"

pytestmark = [pytest.mark.torch, pytest.mark.slow]


@pytest.fixture(scope="module")
def found(host: Host, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    keys = tmp_path_factory.mktemp("keys") / "keys.json"
    key = add_key(keys, "ann", [Right.PREDICT], models=["same"])
    options = [*options_for("same", "torched"), "--keys-file", str(keys), "--no-ui"]
    with start_host([], *options) as closed:
        yield told(deepinv_client.python(), SCRIPT, str(PREDICTORS), host.url, closed.url, key)


@pytest.mark.parametrize("check", checks(SCRIPT))
def test_deepinv(found: dict[str, str], check: str) -> None:
    assert found[check] == ""


def test_a_host_that_restarts() -> None:
    """Nobody asks twice for its user: he is told what to do."""
    port = free_port()
    options = [*options_for("same"), "--no-ui"]
    command = [deepinv_client.python(), CLIENTS / "ask_again.py"]
    with subprocess.Popen(
        [*command, f"http://127.0.0.1:{port}/deepinv/same"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as client:
        assert client.stdin is not None and client.stdout is not None

        def asked() -> str:
            assert client.stdin is not None and client.stdout is not None
            client.stdin.write("\n")
            client.stdin.flush()
            return client.stdout.readline().strip()

        assert client.stdout.readline() == "ready\n"
        with start_host([], *options, port=port):
            assert asked() == "same"
        assert "Connection refused" in asked()
        with start_host([], *options, port=port):
            assert asked() == "same"
        client.stdin.close()


RUN_ALL = """
import json, sys
for name, code in json.load(sys.stdin).items():
    made = {}
    exec(code, made)
    print(name, tuple(made["x_hat"].shape))
"""


def test_snippets_are_calls_that_work(host: Host) -> None:
    (door,) = (d for d in host.get("/doors.json").json()["doors"] if d["name"] == "deepinv")
    codes = {}
    for name, shown in door["models"].items():
        for snippet in shown["snippets"]:
            codes[name] = snippet["text"].replace("http://HOST", host.url)
    assert codes.keys() > {"denoise", "picture", "stored", "torched", "deepinv_forms"}
    said = subprocess.run(
        [deepinv_client.python(), "-c", RUN_ALL],
        input=json.dumps(codes),
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(said.stdout.splitlines()) == len(codes)
    assert "denoise (1, 1, 64, 64)" in said.stdout
    assert "deepinv_names (2, 64, 64)" in said.stdout
