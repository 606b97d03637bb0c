"""Sessions without a browser: what a cookie is good for, and for how long."""

from __future__ import annotations

import logging
import stat
from pathlib import Path

import pytest

from deepaas.access import sessions as module
from deepaas.access.key_ring import ENVIRONMENT, KeyRing
from deepaas.access.keys import KeyRecord, new_key
from deepaas.access.principal import Right
from deepaas.access.sessions import IDLE_SECONDS, RENEW_SECONDS, SECONDS, Sessions, open_secret
from deepaas.access.tokens import Signer

SECRET = bytes(range(32))


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_800_000_000.0
        for one in ("deepaas.access.sessions", "deepaas.access.tokens", "deepaas.access.key_ring"):
            monkeypatch.setattr(f"{one}.time.time", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def made() -> tuple[str, KeyRecord]:
    return new_key("somebody", {Right.READ})


def test_ends_an_hour_after_the_last_visit(clock: Clock, made: tuple[str, KeyRecord]) -> None:
    sessions = Sessions(KeyRing([made[1]]), SECRET)
    begun = sessions.begin(made[0])
    assert begun is not None and begun[1].name == "somebody"
    cookie = begun[0]
    clock.now += IDLE_SECONDS - 1
    assert sessions.read(cookie) is not None
    clock.now += 2
    assert sessions.read(cookie) is None


def test_ends_after_eight_hours_of_visits(clock: Clock, made: tuple[str, KeyRecord]) -> None:
    sessions = Sessions(KeyRing([made[1]]), SECRET)
    begun = sessions.begin(made[0])
    assert begun is not None
    cookie, ends = begun[0], clock.now + SECONDS
    renewals = 0
    while (found := sessions.read(cookie)) is not None:
        renewed = sessions.renewed(found[0])
        renewals += bool(renewed)
        cookie = renewed or cookie
        clock.now += RENEW_SECONDS / 2 + 1
    assert ends <= clock.now < ends + RENEW_SECONDS
    assert renewals > 50


def test_survives_a_restart_and_not_its_key(made: tuple[str, KeyRecord]) -> None:
    key, record = made
    begun = Sessions(KeyRing([record]), SECRET).begin(key)
    assert begun is not None
    assert Sessions(KeyRing([record]), SECRET).read(begun[0]) is not None
    assert Sessions(KeyRing([record]), bytes(32)).read(begun[0]) is None
    assert Sessions(KeyRing([]), SECRET).read(begun[0]) is None
    # Another key of the same name and id.
    other = KeyRecord(record.id, record.name, "0" * 64, record.rights, record.created)
    assert Sessions(KeyRing([other]), SECRET).read(begun[0]) is None


def test_a_cookie_tells_nothing_of_the_operators_key() -> None:
    sessions = Sessions(KeyRing([], "correct horse battery staple"), SECRET)
    begun = sessions.begin("correct horse battery staple")
    assert begun is not None and begun[1].name == ENVIRONMENT
    found = sessions.read(begun[0])
    assert found is not None and found[0].key == ""
    assert Sessions(KeyRing([], "another one of the operator"), SECRET).read(begun[0]) is None
    assert sessions.begin("") is None
    assert sessions.begin("correct horse") is None


def test_logging_out_ends_copies(made: tuple[str, KeyRecord]) -> None:
    sessions = Sessions(KeyRing([made[1]]), SECRET)
    begun, other = sessions.begin(made[0]), sessions.begin(made[0])
    assert begun is not None and other is not None
    sessions.end(begun[0])
    sessions.end("nonsense")
    assert sessions.read(begun[0]) is None
    assert sessions.read(other[0]) is not None


def test_what_was_not_signed_here_is_nothing() -> None:
    signer = Signer(SECRET, "session")
    token = signer.sign(["a"], 60)
    assert signer.read(token) == ["a"]
    assert Signer(SECRET, "on behalf").read(token) is None
    body, _, mac = token.partition(".")
    for forged in (
        *("", ".", "..", token[:-1], token + "A", f"{body}.", f".{mac}", f"{body[:-2]}AA.{mac}"),
        *(f"{mac}.{body}", token.upper(), "é" * 100, "A" * 100_000, f"{body}.{mac}.{mac}"),
    ):
        assert signer.read(forged) is None, forged


def test_the_secret_is_shared_and_only_its_owner_reads_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "state"
    first = open_secret(folder)
    assert open_secret(folder) == first
    path = folder / module.SECRET_NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in folder.iterdir()] == [path.name]
    path.chmod(0o644)
    with caplog.at_level(logging.ERROR):
        assert open_secret(folder) != first
    assert "others can read it" in caplog.text
    path.chmod(0o600)
    path.write_bytes(b"short")
    assert len(open_secret(folder)) == 32
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert len(open_secret(blocked)) == 32
