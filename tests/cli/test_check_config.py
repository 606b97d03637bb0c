"""``deepaas-run --check-config``: every fault in a line, and nothing is touched."""

import os
import socket
import sqlite3
from pathlib import Path

import pytest
from support import prepared
from support.host import MODELS, expose, free_port


def check(home: Path, *options: str, **environment: str) -> tuple[int, str, list[str]]:
    packages = home / "packages"
    path = f"{packages}:{MODELS}" if packages.exists() else expose(["plain"], packages)
    outcome = prepared.run(
        [prepared.PROGRAM, "--check-config", *options],
        environment={
            **{name: value for name, value in os.environ.items() if "DEEPAAS" not in name},
            "PYTHONPATH": path,
            "XDG_STATE_HOME": str(home / "state"),
            **environment,
        },
        folder=Path.cwd(),
    )
    return outcome.returncode, outcome.stdout, outcome.stderr.splitlines()


def test_a_valid_one(tmp_path: Path) -> None:
    code, out, faults = check(tmp_path, "plain", "--listen-port", str(free_port()))
    assert (code, out, faults) == (0, "The configuration is valid.\n", [])
    assert [one.name for one in tmp_path.iterdir()] == ["packages"]


def test_all_faults_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    database = tmp_path / "newer" / "trainings.sqlite"
    database.parent.mkdir()
    with sqlite3.connect(database) as store:
        store.execute("CREATE TABLE deepaas_version (version_num TEXT)")
        store.execute("INSERT INTO deepaas_version VALUES ('9999')")
    with socket.create_server(("127.0.0.1", 0)) as used:
        port = used.getsockname()[1]
        options = [
            *("nothing", "--listen", f"127.0.0.1:{port}", "--listen", f"unix:{tmp_path}/file"),
            *("--listen", "127.0.0.1:1 tls=yes doors=v9", "--tls-key", "key.pem"),
            *("--log-file", "/dev/null/log", "--state-dir", str(database.parent)),
        ]
        code, out, faults = check(tmp_path, *options)
    assert (code, out) == (1, "")
    for told in (
        f"could not listen on 127.0.0.1:{port}: Address already in use",
        f"could not listen on unix:{tmp_path}/file: there is a file with this name",
        "--listen 127.0.0.1:1 tls=yes: this needs --tls-cert",
        "'nothing'",
        "no door 'v9': there are ",
        "--tls-key: this needs --tls-cert",
        "log-file '/dev/null/log' cannot be written",
        "created by a newer version of DEEPaaS",
    ):
        assert [line for line in faults if told in line], (told, faults)
    assert all(line.startswith("deepaas-run: ") for line in faults)


@pytest.mark.parametrize(
    "options,told",
    [
        (["--workers", "0"], "--workers: '0' must be an integer of at least 1"),
        (["--keep-runs", "soon"], "keep-runs"),
        (["--allowed-host", "a b"], "allowed-host is 'a b'"),
        (["--database-url", "mysql://x"], "database-url"),
        (["--state-dir", "/dev/null/none"], "state-dir '/dev/null/none' cannot be used"),
        (["--tls-cert", "/none.pem"], "--tls-cert: /none.pem cannot be read"),
        (["--keys-file", "/none.json"], "--keys-file: '/none.json' does not exist"),
        (["--api-key-file", "/none"], "--api-key-file: could not read '/none'"),
        (["--oidc-issuer", "https://example.org"], "--oidc-issuer requires --oidc-audience"),
        (["--oidc-grant", "* read"], "--oidc-audience and --oidc-grant require --oidc-issuer"),
        (["--limit-per-key", "many"], "limit-per-key is 'many'"),
        (["--limit-per-model", "other = 1/s"], "limit-per-model is 'other = 1/s'"),
        (["--access-log", "/dev/null/log"], "access-log '/dev/null/log' cannot be written"),
        (["--metrics-listen", "here"], "metrics-listen is 'here': it must be ADDRESS:PORT"),
    ],
)
def test_a_fault(tmp_path: Path, options: list[str], told: str) -> None:
    code, _, faults = check(tmp_path, "plain", "--listen-port", str(free_port()), *options)
    assert (code, len(faults)) == (1, 1), faults
    assert told in faults[0]


def test_the_address_of_the_metrics_is_in_use(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as used:
        address = f"127.0.0.1:{used.getsockname()[1]}"
        options = ("--listen-port", str(free_port()), "--metrics-listen", address)
        code, _, faults = check(tmp_path, "plain", *options)
    assert (code, len(faults)) == (1, 1), faults
    assert f"could not listen on {address}: Address already in use" in faults[0]


def test_everything_about_access_and_observing_is_valid(tmp_path: Path) -> None:
    code, out, faults = check(
        tmp_path,
        *("plain", "--listen-port", str(free_port())),
        *(
            "--oidc-issuer",
            "https://example.org",
            "--oidc-audience",
            "me",
            "--oidc-grant",
            "* read",
        ),
        *("--limit-per-address", "10/s", "--limit-per-model", "plain = 1/s"),
        *("--access-log", str(tmp_path / "access"), "--otel-endpoint", "http://127.0.0.1:1"),
        *("--metrics-listen", f"127.0.0.1:{free_port()}"),
        DEEPAAS_API_KEY="k" * 40,
    )
    assert (code, out, faults) == (0, "The configuration is valid.\n", [])
    assert [one.name for one in tmp_path.iterdir()] == ["packages"]
