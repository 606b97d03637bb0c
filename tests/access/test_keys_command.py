"""`deepaas-cli keys`, and the keys that clients send."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from deepaas.access.key_file import changing, read
from deepaas.access.key_ring import KeyRing
from deepaas.access.keys import now
from deepaas.access.principal import ALL_RIGHTS, Right
from deepaas.cli.main import main
from deepaas.client import AsyncClient, ClientError
from deepaas.client.api_key import headers_with, own_key
from deepaas.errors import Unauthenticated

Keys = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    for name in ("DEEPAAS_KEYS_FILE", "DEEPAAS_STATE_DIR", "DEEPAAS_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "deepaas" / "keys.json"


@pytest.fixture
def keys(capsys: pytest.CaptureFixture[str]) -> Keys:
    def run(*words: str) -> tuple[int, str, str]:
        try:
            code = main(["keys", *words])
        except SystemExit as end:  # argparse
            code = int(str(end.code))
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def valid(path: Path, key: str) -> Any:
    try:
        return KeyRing(read(path)).authenticate(None, key.strip())
    except Unauthenticated:
        return None


def test_a_key_is_shown_once_and_alone(keys: Keys, state: Path) -> None:
    code, key, told = keys("create", "ci")
    assert (code, key.count("\n")) == (0, 1)
    assert str(state) in told and key.strip() not in told
    assert stat.S_IMODE(state.stat().st_mode) == 0o600
    found = valid(state, key)
    assert (found.name, found.rights) == ("ci", {Right.READ, Right.PREDICT})
    assert key.strip() not in keys("list", "--all", "--json")[1]


def test_what_a_key_may(keys: Keys, state: Path) -> None:
    words = ["--rights", "all", "--for-model", "a", "--for-model", "b", "--limits", "9/minute"]
    created = json.loads(keys("create", "ci", *words, "--expires", "30d", "--json")[1])
    found = valid(state, created["key"])
    assert (found.rights, found.models) == (ALL_RIGHTS, {"a", "b"})
    assert found.limits == "9/minute"
    (record,) = read(state)
    assert record.expires is not None and (record.expires - record.created).days in (29, 30)
    (listed,) = json.loads(keys("list", "--json")[1])
    assert listed == {name: value for name, value in created.items() if name != "key"}
    assert "a, b" in keys("list")[1]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["create", "a b"], "cannot be the name"),
        (["create", "x" * 65], "cannot be the name"),
        (["create", "ci", "--rights", "predct"], "Did you mean predict?"),
        (["create", "ci", "--rights", ","], "at least one"),
        (["create", "ci", "--limits", "few"], "--limits: "),
        (["create", "ci", "--expires", "soon"], "not a duration"),
        (["create", "ci", "--expires", "999999w"], "too long"),
        (["revoke", "nobody"], "no valid key"),
        (["rotate", "nobody"], "no valid key"),
        ([], "a command is required"),
    ],
)
def test_what_is_refused(words: list[str], told: str, keys: Keys, state: Path) -> None:
    code, output, errors = keys(*words)
    assert (code, output) == (2, "")
    assert told in errors
    assert not state.exists() or read(state) == ()


def test_a_name_is_given_once(keys: Keys) -> None:
    keys("create", "camera")
    code, _, told = keys("create", "camera")
    assert (code, "rotate camera" in told) == (2, True)
    assert "Did you mean camera?" in keys("revoke", "kamera")[2]


def test_revoked_keys_are_kept_but_not_valid(keys: Keys, state: Path) -> None:
    key = keys("create", "ci")[1]
    assert keys("revoke", "ci")[0] == 0
    assert valid(state, key) is None
    assert "no key is valid" in keys("list")[2]
    assert "revoked" in keys("list", "--all")[1]
    assert keys("create", "ci")[0] == 0


def test_a_rotated_key_is_valid_for_a_while(keys: Keys, state: Path) -> None:
    old = keys("create", "ci", "--for-model", "a", "--expires", "10d")[1]
    new = keys("rotate", "ci", "--overlap", "1h")[1]
    assert valid(state, old) == valid(state, new) is not None
    first, second = read(state)
    assert first.expires is not None and (first.expires - now()).total_seconds() <= 3600
    assert second.expires is not None and (second.expires - second.created).days in (9, 10)
    assert "give the id" in keys("rotate", "ci")[2]
    third = keys("rotate", second.id, "--overlap", "0s")[1]
    assert valid(state, new) is None and valid(state, third) is not None
    with changing(state) as kept:
        kept[0] = msgspec.structs.replace(kept[0], expires=now())
    assert valid(state, old) is None


def test_the_file_is_the_one_of_the_host(
    keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEEPAAS_STATE_DIR", str(tmp_path / "own"))
    keys("create", "a")
    monkeypatch.setenv("DEEPAAS_KEYS_FILE", str(tmp_path / "b.json"))
    keys("create", "b")
    keys("create", "c", "--keys-file", str(tmp_path / "c.json"))
    paths = [tmp_path / "own" / "keys.json", tmp_path / "b.json", tmp_path / "c.json"]
    assert [record.name for path in paths for record in read(path)] == ["a", "b", "c"]


def test_a_broken_file_is_not_changed(keys: Keys, state: Path) -> None:
    keys("create", "ci")
    state.write_text("{")
    for words in (["create", "b"], ["list"], ["revoke", "ci"]):
        code, _, told = keys(*words)
        assert (code, str(state) in told) == (2, True)
    assert state.read_text() == "{"


def test_where_a_client_has_its_key_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "key"
    file.write_text("of the file\n")
    for name in ("DEEPAAS_API_KEY", "DEEPAAS_API_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)
    assert own_key() == ""
    assert headers_with("") == {}
    monkeypatch.setenv("DEEPAAS_API_KEY_FILE", str(file))
    assert headers_with(own_key()) == {"Authorization": "Bearer of the file"}
    monkeypatch.setenv("DEEPAAS_API_KEY", "of the variable")
    assert own_key() == "of the variable"
    monkeypatch.setenv("DEEPAAS_API_KEY", "")
    monkeypatch.setenv("DEEPAAS_API_KEY_FILE", str(tmp_path / "none"))
    with pytest.raises(ClientError, match="none"):
        own_key()
    for key in ("k\u00e9y", "a\r\nX-Evil: 1"):
        with pytest.raises(ClientError):
            headers_with(key)


async def test_a_redirect_does_not_take_the_key_to_another_origin() -> None:
    seen: list[str | None] = []

    async def note(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Authorization"))
        if request.path == "/readyz":
            raise web.HTTPFound(f"http://127.0.0.1:{other.port}/elsewhere")
        return web.json_response({"models": {}})

    servers = [TestServer(web.Application()) for _ in range(2)]
    first, other = servers
    for server in servers:
        server.app.router.add_get("/{tail:.*}", note)
        await server.start_server()
    try:
        async with AsyncClient(f"http://127.0.0.1:{first.port}", api_key="secret") as client:
            await client.health()
    finally:
        for server in servers:
            await server.close()
    assert seen == ["Bearer secret", None]
