"""The bucket, with a clock of the test's own."""

from __future__ import annotations

import pytest

from deepaas.errors import LimitExceeded
from deepaas.limits.grammar import LimitsByName, parse
from deepaas.limits.limiter import Limiter, network_of
from deepaas.limits.policies import Quota


def quota(text: str, max_count: int = 1000) -> Quota:
    (limit,) = parse(text)
    return Quota("address", limit, max_count)


def test_refills_evenly() -> None:
    six = quota("6/minute")
    for left in (5, 4, 3, 2, 1, 0):
        assert six.wait_seconds("a", 0, 0.0) == 0
        six.take("a", 0, 0.0)
        assert six.left("a", 0.0)[0] == left
    assert six.wait_seconds("a", 0, 0.0) == pytest.approx(10)
    assert six.wait_seconds("b", 0, 0.0) == 0
    assert six.wait_seconds("a", 0, 9.9) > 0
    assert six.wait_seconds("a", 0, 10.0) == 0
    assert six.left("a", 60.0) == (6, 0)


def test_bytes_wait_until_all_of_them_fit() -> None:
    thousand = quota("1000 B/1000 s")
    thousand.take("a", 900, 0.0)
    assert thousand.wait_seconds("a", 100, 0.0) == 0
    assert thousand.wait_seconds("a", 101, 0.0) == pytest.approx(1, abs=1e-5)
    thousand.use("a", -900, 0.0)
    assert thousand.left("a", 0.0) == (1000, 0)


def test_a_million_strangers_do_not_fill_the_memory() -> None:
    few = quota("100/hour", max_count=1000)
    for _ in range(100):
        few.take("regular", 0, 0.0)
    for number in range(20_000):
        few.take(f"10.0.{number >> 8}.{number & 255}", 0, 1.0)
        if number % 100 == 0:
            few.take("regular", 0, 1.0)  # Who keeps coming is not forgotten.
    assert len(few) <= 1000
    assert few.wait_seconds("regular", 0, 1.0) > 0


def test_who_has_used_nothing_for_long_has_no_entry() -> None:
    quick = quota("1/s")
    for number in range(1000):
        quick.take(str(number), 0, number * 2.0)
    assert len(quick) < 10


def test_a_refused_call_is_not_counted_anywhere() -> None:
    limiter = Limiter(parse("10/minute, 1 at once"), (), LimitsByName(parse("2/minute")))
    applied = limiter.applied("127.0.0.1", "model", None)
    for _ in range(2):
        with limiter.admit(applied, 0):
            with pytest.raises(LimitExceeded) as refused:
                limiter.admit(applied, 0)
            assert "address-calls-at-once" in refused.value.violated
    with pytest.raises(LimitExceeded) as refused:
        limiter.admit(applied, 0)
    assert list(refused.value.violated) == ["model-calls-per-60s"]
    left = {policy.name: policy.left(who, 0)[0] for policy, who in applied.counted}
    assert left["address-calls-at-once"] == 1


def test_keys_have_their_own_limits_instead() -> None:
    limiter = Limiter((), parse("1/minute"), LimitsByName())
    names = [policy.described for policy, _ in limiter.applied("", "", "key", "5/hour").counted]
    assert names == ['"key-calls-per-3600s";q=5;w=3600']
    assert limiter.applied("", "", "key", "none").counted == ()
    assert len(limiter.applied("", "", "key").counted) == 1
    assert limiter.applied("", "", None).counted == ()


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:DB8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("unknown", "unknown"),
    ],
)
def test_an_ipv6_client_is_its_network(address: str, network: str) -> None:
    assert network_of(address) == network
