"""Keys in their file, in memory, and as the operator gives one to the host itself."""

import hmac
import json
import re
import stat
import threading
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from deepaas.access import key_ring
from deepaas.access.host_keys import given_key, open_keys
from deepaas.access.key_file import KeysUnreadable, changing, read
from deepaas.access.key_ring import KeyRing
from deepaas.access.keys import PATTERN, duration, lookup, new_key, now
from deepaas.access.principal import ALL_RIGHTS, Principal, Right
from deepaas.errors import ConfigError, Unauthenticated

PREDICT = [Right.PREDICT]


def add(path: Path, name: str, **more: object) -> str:
    key, record = new_key(name, PREDICT, **more)  # type: ignore[arg-type]
    with changing(path) as keys:
        keys.append(record)
    return key


def test_a_key_is_recognisable_and_cannot_be_guessed() -> None:
    keys = {new_key("a", PREDICT)[0] for _ in range(100)}
    assert all(re.fullmatch(PATTERN, key) for key in keys)
    assert len({key[len(lookup(key)) :] for key in keys}) == 100
    assert 62**32 > 2**128


def test_the_file_has_no_key(tmp_path: Path) -> None:
    path = tmp_path / "new" / "keys.json"
    key = add(path, "ci", models=["a"], limits="10/minute")
    text = path.read_text()
    assert key not in text and key.rpartition("_")[2] not in text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    (record,) = read(path)
    expected = Principal("ci", frozenset(PREDICT), frozenset("a"), "10/minute")
    assert record.principal == expected
    assert KeyRing([record]).authenticate(None, key) == expected


def test_nothing_is_written_if_a_change_fails(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    add(path, "ci")
    before = path.read_bytes()
    with pytest.raises(ZeroDivisionError), changing(path) as keys:
        keys.clear()
        raise ZeroDivisionError
    assert path.read_bytes() == before
    assert {one.name for one in tmp_path.iterdir()} == {"keys.json", "keys.json.lock"}


def test_changes_at_the_same_time_are_all_kept(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    names = {f"key-{number}" for number in range(20)}
    threads = [threading.Thread(target=add, args=(path, name)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {record.name for record in read(path)} == names


def test_a_link_and_the_mode_are_kept(tmp_path: Path) -> None:
    target, path = tmp_path / "real.json", tmp_path / "keys.json"
    add(target, "a")
    target.chmod(0o640)
    path.symlink_to(target)
    add(path, "b")
    assert path.is_symlink()
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert len(read(path)) == 2


def document(*keys: object, version: int = 1) -> str:
    return json.dumps({"version": version, "keys": keys})


GOOD = {
    "id": "AAAAAAAA",
    "name": "a",
    "sha256": "0" * 64,
    "rights": ["read"],
    "created": "2026-11-30T00:00:00Z",
}


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"version": 1}',
        document(GOOD, version=2),
        document(GOOD, GOOD),
        document({**GOOD, "rights": ["write"]}),
        document({**GOOD, "model": ["m"]}),
        document({**GOOD, "sha256": "z" * 64}),
        document({**GOOD, "id": "../../.."}),
        document({**GOOD, "limits": "few"}),
        document({**GOOD, "name": "a b\n"}),
        document({**GOOD, "expires": "2026-11-30T00:00:00"}),
        document({"id": "AAAAAAAA", "name": "a"}),
        "\ufffe",
        "[" * 100_000,
    ],
)
def test_a_broken_file(content: str, tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text(content)
    with pytest.raises(KeysUnreadable):
        read(path)
    with pytest.raises(ConfigError, match=r"keys\.json"):
        open_keys(path, False, "")
    with pytest.raises(KeysUnreadable), changing(path):
        raise AssertionError("a broken file must not be overwritten")


def test_a_file_that_everybody_may_change(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    add(path, "a")
    path.chmod(0o666)
    with pytest.raises(KeysUnreadable, match="chmod"):
        read(path)


@pytest.mark.parametrize("content", ["", "\n", '{"version": 1, "keys": []}'])
def test_a_file_without_keys_closes_the_host(content: str, tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text(content)
    keys = open_keys(path, False, "")
    assert keys is not None and keys.ring.principals() == []


def test_without_keys_a_host_is_open(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    assert open_keys(path, False, "") is None
    with pytest.raises(ConfigError, match="deepaas-cli keys"):
        open_keys(path, True, "")
    assert open_keys(path, False, "0123456789abcdef") is not None


@pytest.mark.parametrize(
    "token", ["dk_unknown0_" + "0" * 32, "dk_", "dk_\udcff", "dk_" + "0" * 8000]
)
def test_unknown_and_wrong_keys_take_the_same_way(
    token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One hash, one look-up and one comparison of the same length for each of them."""
    compared: list[tuple[int, int]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((len(one), len(other)))
        return hmac.compare_digest(one, other)

    monkeypatch.setattr(
        key_ring, "hmac", type("Hmac", (), {"compare_digest": staticmethod(compare)})
    )
    key, record = new_key("a", PREDICT)
    ring = KeyRing([record], "a key from the environment")
    wrong = key[:-1] + ("0" if key[-1] != "0" else "1")
    for one in (token, wrong):
        with pytest.raises(Unauthenticated):
            ring.authenticate(None, one)
    assert ring.authenticate(None, key) == record.principal
    assert compared == [(32, 32)] * 3


def test_an_end_counts_at_once() -> None:
    for seconds, valid in ((-1, False), (60, True)):
        key, record = new_key("a", PREDICT, expires=now() + timedelta(seconds=seconds))
        ring = KeyRing([record])
        assert bool(ring.principals()) == valid
        if valid:
            assert ring.authenticate(None, key)
        else:
            with pytest.raises(Unauthenticated):
                ring.authenticate(None, key)


def test_a_key_of_the_operator() -> None:
    ring = KeyRing((), "correct horse battery staple")
    found = ring.authenticate(None, "correct horse battery staple")
    assert found is not None and found.rights == ALL_RIGHTS
    assert ring.authenticate(None, "correct horse battery stapl") is None
    assert ring.authenticate(None, "") is None


def test_a_key_of_the_operator_that_is_in_the_file_has_no_more_rights() -> None:
    key, record = new_key("a", PREDICT)
    assert KeyRing([record], key).authenticate(None, key) == record.principal
    ring = KeyRing([], key)
    assert ring.authenticate(None, key) != record.principal
    ring.replace([msgspec.structs.replace(record, revoked=now())])
    with pytest.raises(Unauthenticated):
        ring.authenticate(None, key)


def test_where_the_operator_gives_a_key(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "key"
    file.write_text("0123456789abcdef\n")
    assert given_key({}, "") == ""
    assert given_key({"DEEPAAS_API_KEY": "0123456789abcdef"}, "") == "0123456789abcdef"
    assert given_key({}, str(file)) == "0123456789abcdef"
    assert caplog.text == ""
    assert given_key({"DEEPAAS_API_KEY": "short"}, "") == "short"
    assert "too short" in caplog.text and "short;" not in caplog.text


@pytest.mark.parametrize("value", ["", "  ", "a b", "k\u00e9y", "a\nb"])
def test_a_missing_key_of_the_operator_does_not_open_the_host(value: str, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(value)
    with pytest.raises(ConfigError):
        given_key({"DEEPAAS_API_KEY": value}, "")
    with pytest.raises(ConfigError):
        given_key({}, str(file))
    with pytest.raises(ConfigError):
        given_key({}, str(tmp_path / "none"))
    with pytest.raises(ConfigError):
        given_key({"DEEPAAS_API_KEY": "0123456789abcdef"}, str(file))


@pytest.mark.parametrize(
    ("text", "seconds"), [("90m", 5400), ("12h", 43200), ("30d", 2592000), ("8w", 4838400)]
)
def test_durations(text: str, seconds: int) -> None:
    assert duration(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "30", "d", "-1d", "1.5h", "30 d", "9999999d", "٣d"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        duration(text)
