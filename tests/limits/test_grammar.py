"""What operators write, and what they are told of what is not understood."""

from __future__ import annotations

import pytest

from deepaas.errors import ConfigError
from deepaas.limits.grammar import Limit, LimitKind, parse, parse_by_name
from deepaas.limits.reading import read

MINUTE = Limit(LimitKind.CALLS, 100, 60)


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("", ()),
        (" none ", ()),
        ("100/minute", (MINUTE,)),
        ("100 calls/min", (MINUTE,)),
        ("100 requests per minute", (MINUTE,)),
        ("100 a minute", (MINUTE,)),
        ("100 per 60 s", (MINUTE,)),
        ("1/2 days", (Limit(LimitKind.CALLS, 1, 2 * 86400),)),
        ("10 at once", (Limit(LimitKind.AT_ONCE, 10),)),
        ("1 call at  once", (Limit(LimitKind.AT_ONCE, 1),)),
        ("1 GB/hour", (Limit(LimitKind.BYTES, 10**9, 3600),)),
        ("1.5MiB / 10 seconds", (Limit(LimitKind.BYTES, 3 * 2**19, 10),)),
        ("2 Bytes per day", (Limit(LimitKind.BYTES, 2, 86400),)),
        (
            "100/Minute,\n10 At Once, 5 kB/s",
            (MINUTE, Limit(LimitKind.AT_ONCE, 10), Limit(LimitKind.BYTES, 5000, 1)),
        ),
    ],
)
def test_is_read(text: str, limits: tuple[Limit, ...]) -> None:
    assert parse(text) == limits


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("100", "neither a number in a time nor a number at once"),
        ("-1/minute", "neither"),
        ("many/minute", "neither"),
        ("1e3/minute", "neither"),
        ("100/fortnight", "'fortnight' is not a time"),
        ("100/minutte", "Did you mean minute?"),
        ("1/0 seconds", "from 1 second to 31 days"),
        ("1/32 days", "from 1 second to 31 days"),
        ("0/minute", "would refuse everything"),
        ("0 at once", "would refuse everything"),
        ("0.5 B/minute", "would refuse everything"),
        ("1.5/minute", "a whole number"),
        ("1 GB at once", "only calls"),
        ("5 apples/minute", "'apples'"),
        ("1/minute,", "before or after a comma"),
        ("1/minute, 2 per 60 s", "two limits of the kind '2 per 60 s'"),
        ("9999999999999999/minute", "too large"),
        ("²/minute", "neither"),
    ],
)
def test_is_told_what_is_wrong(text: str, why: str) -> None:
    with pytest.raises(
        ConfigError, match=r"^limit-per-address is .*must be like 100/minute"
    ) as told:
        read(text, "", "", [])
    assert why in told.value.message


def test_models_have_their_own() -> None:
    limits = parse_by_name("100/minute; big = 1 at once; free = none", ["big", "free", "other"])
    assert limits.of("other") == (MINUTE,)
    assert limits.of("big") == (Limit(LimitKind.AT_ONCE, 1),)
    assert limits.of("free") == ()
    assert parse_by_name("big=1/s", ["big", "other"]).of("other") == ()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("biig = 1/s", "there is no model 'biig'. Did you mean big?"),
        ("big = 1/s; big = 2/s", "'big' has limits twice"),
        ("1/s; 2 at once", "two parts without a name"),
        ("big = 1", "neither"),
    ],
)
def test_is_told_what_is_wrong_with_models(text: str, why: str) -> None:
    with pytest.raises(ConfigError) as told:
        read("", "", text, ["big"])
    assert told.value.message.startswith("limit-per-model is ")
    assert why in told.value.message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("100/minute", "100 calls in one minute"),
        ("5/90s", "5 calls in 90 seconds"),
        ("1000 MB/2h", "1 GB in 2 hours"),
        ("1 KiB/s", "1024 bytes in one second"),
        ("3 at once", "3 at once"),
    ],
)
def test_is_told_to_clients_in_words(text: str, words: str) -> None:
    (limit,) = parse(text)
    assert limit.words == words
