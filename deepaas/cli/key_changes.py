"""What ``deepaas-cli keys`` does with the file of keys."""

from __future__ import annotations

import argparse
import contextlib
import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from deepaas import config
from deepaas.access import keys as kept
from deepaas.access.key_file import KeysUnreadable, changing, read
from deepaas.access.keys import KeyRecord, now
from deepaas.access.principal import ALL_RIGHTS, Right
from deepaas.cli.output import CommandOutput
from deepaas.cli.problems import OK, CommandProblem, say
from deepaas.cli.tables import plain_table
from deepaas.errors import ConfigError
from deepaas.guarding import keys_path
from deepaas.limits.grammar import EXAMPLE, parse
from deepaas.near_names import did_you_mean

COLUMNS = ("id", "name", "rights", "models", "limits", "created", "expires", "state")
ALL = "all"


def create_key(options: argparse.Namespace) -> int:
    if not kept.is_name(options.name):
        raise CommandProblem(
            f"{options.name!r} cannot be the name of a key: use up to 64 letters, digits and ._@+-"
        )
    expires, limits = _after(options.expires), _limits(options.limits)
    with _changing(options) as (keys, path):
        if any(one.name == options.name for one in _valid(keys)):
            raise CommandProblem(
                f"there is a key named {options.name!r}: choose another name, or replace it with "
                f"'deepaas-cli keys rotate {options.name}'"
            )
        key, record = kept.new_key(
            options.name,
            _rights(options.rights),
            models=options.for_model,
            limits=limits,
            expires=expires,
        )
        keys.append(record)
    _show_once(options, key, record, path)
    return OK


def list_keys(options: argparse.Namespace) -> int:
    path = _path(options)
    try:
        keys: Sequence[KeyRecord] = read(path)
    except FileNotFoundError:
        say(f"there are no keys: {path} does not exist, and hosts that use it require none")
        keys = ()
    except KeysUnreadable as error:
        raise CommandProblem(f"could not read keys from {path}: {error}") from None
    shown = [_told(one) for one in (keys if options.all else _valid(keys))]
    output = CommandOutput(options)
    if options.json:
        output.write_json(shown)
    elif shown or not keys:
        output.write_text(plain_table(shown, COLUMNS))
    else:
        say("no key is valid: all requests are rejected (--all lists the other keys)")
    return OK


def rotate_key(options: argparse.Namespace) -> int:
    overlap = _duration(options.overlap)
    with _changing(options) as (keys, path):
        old = _found(keys, options.key)
        if len(old) > 1:
            raise CommandProblem(
                f"there are several valid keys named {options.key!r}: give the id of one of them "
                f"({', '.join(one.id for one in old)})"
            )
        (one,) = old
        # As long as the old one.
        expires = _after(options.expires) or (
            None if one.expires is None else now() + (one.expires - one.created)
        )
        key, record = kept.new_key(
            one.name, one.rights, models=one.models, limits=one.limits, expires=expires
        )
        end = now() + overlap
        if one.expires is None or end < one.expires:
            keys[keys.index(one)] = msgspec.structs.replace(one, expires=end)
        keys.append(record)
    _show_once(options, key, record, path)
    if overlap:
        say(f"the old key {one.id} remains valid for {options.overlap}")
    return OK


def revoke_keys(options: argparse.Namespace) -> int:
    with _changing(options) as (keys, _):
        found = [one for name in options.keys for one in _found(keys, name)]
        for one in dict.fromkeys(found):
            keys[keys.index(one)] = msgspec.structs.replace(one, revoked=now())
    for one in dict.fromkeys(found):
        say(f"revoked the key {one.name} ({one.id})")
    if options.json:
        print(json.dumps([one.id for one in dict.fromkeys(found)]), flush=True)
    return OK


@contextlib.contextmanager
def _changing(options: argparse.Namespace) -> Iterator[tuple[list[KeyRecord], Path]]:
    path = _path(options)
    try:
        with changing(path) as keys:
            yield keys, path
    except KeysUnreadable as error:
        raise CommandProblem(f"could not change the keys in {path}: {error}") from None


def _path(options: argparse.Namespace) -> Path:
    try:
        return keys_path(
            config.load(["--keys-file", options.keys_file] if options.keys_file else [])
        )
    except ConfigError as error:
        raise CommandProblem(f"invalid options of deepaas-run: {error}") from None


def _valid(keys: Sequence[KeyRecord]) -> list[KeyRecord]:
    return [one for one in keys if one.is_valid(now())]


def _found(keys: Sequence[KeyRecord], wanted: str) -> list[KeyRecord]:
    """Return the valid keys with this name or id. Raises ``CommandProblem`` without any."""
    valid = _valid(keys)
    found = [one for one in valid if one.id == wanted] or [
        one for one in valid if one.name == wanted
    ]
    if not found:
        near = did_you_mean(wanted, [one.name for one in valid])
        raise CommandProblem(f"there is no valid key with the name or id {wanted!r}{near}")
    return found


def _show_once(options: argparse.Namespace, key: str, record: KeyRecord, path: Path) -> None:
    if options.json:
        print(json.dumps({"key": key, **_told(record)}), flush=True)
    else:
        print(key, flush=True)
    until = f", until {record.expires:%Y-%m-%d %H:%M} UTC" if record.expires else ""
    say(
        f"created the key {record.name} ({record.principal.words}){until}, in {path}",
        "It is not shown again. Clients send it as 'Authorization: Bearer KEY'.",
    )


def _rights(text: str) -> frozenset[Right]:
    words = [word for one in text.split(",") if (word := one.strip())]
    if words == [ALL]:
        return ALL_RIGHTS
    for word in words:
        if word not in ALL_RIGHTS:
            raise CommandProblem(
                f"--rights: {word!r} is not one of {', '.join(Right)} and all"
                f"{did_you_mean(word, [*Right, ALL])}"
            )
    if not words:
        raise CommandProblem("--rights: give at least one right")
    return frozenset(map(Right, words))


def _limits(text: str) -> str:
    try:
        parse(text)
    except ValueError as error:
        raise CommandProblem(f"--limits: {error}; an example: '{EXAMPLE}'") from None
    return text.strip()


def _duration(text: str) -> timedelta:
    try:
        return kept.duration(text)
    except ValueError as error:
        raise CommandProblem(str(error)) from None


def _after(text: str | None) -> datetime | None:
    if text is None:
        return None
    length = _duration(text)
    try:
        return now() + length
    except OverflowError:
        raise CommandProblem(f"{text} is too long") from None


def _told(one: KeyRecord) -> dict[str, Any]:
    state = "revoked" if one.revoked else "valid" if one.is_valid(now()) else "expired"
    return {
        "id": one.id,
        "name": one.name,
        "rights": list(map(str, one.rights)),
        "models": None if one.models is None else list(one.models),
        "limits": one.limits or None,
        "created": _moment(one.created),
        "expires": _moment(one.expires),
        "state": state,
    }


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
