"""Which call is next, and which has waited too long, by all doors."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from typing import Any, NamedTuple

import pytest
from support.client import request
from support.host import Host, start_host
from support.lasting import Since
from support.storm_size import Size
from support.waiting import wait_until

pytestmark = pytest.mark.usefixtures("since")

AGED_SECONDS = 5
"""Who has waited so long counts as one of priority 1."""


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with start_host(["gated", "sleeps"], "--queue-timeout", "300", "--no-ui") as host:
        yield host


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(64) as pool:
        yield pool


class Said(NamedTuple):
    status: int
    headers: dict[str, str]
    text: str
    seconds: float


def ask(host: Host, path: str, body: Any, headers: dict[str, str]) -> Said:
    start = time.monotonic()
    with closing(HTTPConnection("127.0.0.1", host.port, timeout=300)) as connection:
        sent = {"Content-Type": "application/json", **headers}
        connection.request("POST", path, json.dumps(body), sent)
        answer = connection.getresponse()
        told = {name.lower(): value for name, value in answer.headers.items()}
        return Said(answer.status, told, answer.read().decode(), time.monotonic() - start)


def by_v2(host: Host, label: str, **asked: str) -> Said:
    return ask(host, f"/v2/models/gated/predict/?label={label}", {}, _headers(asked))


def by_v2_events(host: Host, label: str, **asked: str) -> Said:
    headers = {**_headers(asked), "Accept": "text/event-stream"}
    return ask(host, f"/v2/models/gated/predict/?label={label}", {}, headers)


def by_cog(host: Host, label: str, **asked: str) -> Said:
    body = {"input": {"label": label}}
    return ask(host, COG, body, _headers(asked))


def by_oip(host: Host, label: str, **asked: str) -> Said:
    parameters = {name: int(value) for name, value in asked.items() if name == "priority"}
    if "timeout" in asked:
        parameters["timeout"] = round(float(asked["timeout"]) * 1e6)
    return ask(host, OIP, _tensors(label, parameters), {})


def by_oip_headers(host: Host, label: str, **asked: str) -> Said:
    return ask(host, OIP, _tensors(label), _headers(asked))


COG, OIP = "/cog/gated/predictions", "/oip/v2/models/gated/infer"

Way = Callable[..., Said]
Asked = tuple[Way, str, dict[str, str]]

WAYS: list[Way] = [by_v2, by_v2_events, by_cog, by_oip, by_oip_headers]


def _headers(asked: dict[str, str]) -> dict[str, str]:
    return {f"X-DEEPaaS-{name.title()}": value for name, value in asked.items()}


def _tensors(label: str, parameters: Any = None) -> dict[str, Any]:
    text = {"name": "label", "shape": [1], "datatype": "BYTES", "data": [label]}
    return {"inputs": [text], "parameters": parameters or {}}


def _queued_count(host: Host, model: str = "gated") -> int:
    return int(host.readiness(model)["queued_count"])


@contextmanager
def _busy(host: Host, since: Since, gate: str) -> Iterator[None]:
    """The worker runs a call until the end of the block."""
    path = f"/v2/models/gated/predict/?label={gate}&gate={gate}"
    first = host.threads.submit(ask, host, path, {}, {})
    try:
        wait_until(lambda: f"start {gate}" in since.journal(), "the worker is busy")
        yield
    finally:
        host.touch(gate)
    assert first.result().status == 200


def _started(since: Since, gate: str) -> list[str]:
    lines = [line.removeprefix("start ") for line in since.journal() if line.startswith("start")]
    return lines[lines.index(gate) + 1 :]


def _in_order(
    host: Host, since: Since, threads: ThreadPoolExecutor, gate: str, calls: Sequence[Asked]
) -> list[str]:
    """What runs after what; empty if the machine was so slow that some have become old."""
    start = time.monotonic()
    told = []
    with _busy(host, since, gate):
        for count, (way, label, asked) in enumerate(calls, 1):
            told.append(threads.submit(way, host, label, **asked))
            _wait_for(host, count)
    assert [one.result().status for one in told] == [200] * len(calls)
    return _started(since, gate) if time.monotonic() - start < AGED_SECONDS else []


def _wait_for(host: Host, count: int) -> None:
    wait_until(lambda: _queued_count(host) == count, f"{count} wait")


def test_all_doors_have_one_queue(host: Host, since: Since, threads: ThreadPoolExecutor) -> None:
    priorities = ["7", "5", "9", "1", "3"]
    calls: list[Asked] = [
        (way, way.__name__, {"priority": one}) for way, one in zip(WAYS, priorities, strict=True)
    ]
    calls += [(by_v2, "usual", {}), (by_oip, "default", {"priority": "0", "timeout": "0"})]
    expected = ["by_oip", "by_oip_headers", "by_v2_events", "usual", "default", "by_v2", "by_cog"]
    rounds = (_in_order(host, since, threads, f"order-{number}", calls) for number in range(10))
    assert next(filter(None, rounds)) == expected


def test_the_position_is_that_of_the_priority(
    host: Host, since: Since, threads: ThreadPoolExecutor
) -> None:
    calls = []
    with _busy(host, since, "position"):
        for count, priority in enumerate(("5", "5", "1"), 1):
            headers = {"X-Request-ID": f"n{count}", "X-DEEPaaS-Priority": priority}
            path = f"/v2/models/gated/predict/?label=n{count}"
            calls.append(threads.submit(ask, host, path, {}, headers))
            _wait_for(host, count)
        found = [
            host.get(f"/v2/models/gated/queue?request_id={name}").json()["place"]
            for name in ("n1", "n2", "n3")
        ]
    assert found in ([2, 3, 1], [1, 2, 3])  # The latter if they are old by now.
    assert [call.result().status for call in calls] == [200] * 3


@pytest.mark.parametrize("way", WAYS)
def test_who_has_waited_too_long_never_runs(host: Host, since: Since, way: Way) -> None:
    gate = f"late-{way.__name__}"
    with _busy(host, since, gate):
        told = way(host, "late", timeout="0.05")
        assert _queued_count(host) == 0
    assert told.status == 503, told.text
    assert int(told.headers["retry-after"]) >= 1
    assert "0.05 s" in told.text and "gated" in told.text
    if way in (by_v2, by_v2_events):
        assert json.loads(told.text)["error"] == "queue_timeout"
    # On the same model, and for a worker that is free no limit is too short.
    assert way(host, "next", timeout="0.000001").status == 200
    assert _started(since, gate) == ["next"]


def test_a_prediction_that_nobody_waits_for(host: Host, since: Since) -> None:
    """Cog's: the limit outlives the request that has set it."""
    headers = {"Prefer": "respond-async", "X-DEEPaaS-Timeout": "0.05"}
    with _busy(host, since, "asynchronous"):
        told = ask(host, COG, {"input": {"label": "late"}}, headers)
        assert told.status == 202
        one = f"{COG}/{json.loads(told.text)['id']}"
        wait_until(lambda: host.get(one).json()["status"] == "failed", "it has failed")
        assert "0.05 s" in host.get(one).json()["error"]
    assert _started(since, "asynchronous") == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("priority", bad) for bad in ("-1", "10", "1.5", '"1"', "true", "[]")],
        *[("timeout", bad) for bad in ("-1", "1.5", '"1"', "false", "{}")],
    ],
)
def test_parameters_that_cannot_be_read(host: Host, name: str, value: str) -> None:
    told = ask(host, OIP, _tensors("never", {name: json.loads(value)}), {})
    assert told.status == 400
    assert f"parameter '{name}'" in json.loads(told.text)["error"]


def test_a_limit_fires_in_time_while_the_worker_is_busy(
    host: Host, since: Since, threads: ThreadPoolExecutor, size: Size
) -> None:
    seconds, count = size(1, 90), size(8, 60)
    limits = [seconds * number / count for number in range(1, count + 1)]
    with _busy(host, since, "long"):
        calls = []
        for limit in limits:
            # One after the other, so that no connection waits for others.
            calls.append(threads.submit(by_v2, host, "late", timeout=f"{limit:.3f}"))
            wait([calls[-1]], 0.02)
        told = [call.result() for call in calls]
    assert {one.status for one in told} == {503}
    late = sorted(one.seconds - limit for one, limit in zip(told, limits, strict=True))
    assert late[0] > -0.01
    print(f"late by {late[len(late) // 2]:.4f} s, at most by {late[-1]:.4f} s")
    # It contains the request and the response, for which this process may have to wait, too.
    assert late[-1 - count // 20] < size(10_000, 50) / 1000
    assert _started(since, "long") == []


def test_the_last_in_a_stream_of_first_ones(
    host: Host, threads: ThreadPoolExecutor, size: Size
) -> None:
    """Four clients of priority 1 fill the worker without a gap."""
    path = "/v2/models/sleeps/predict/?seconds=0.1"
    is_over = False

    def stream() -> int:
        count = 0
        while not is_over:
            headers = {"X-DEEPaaS-Priority": "1"}
            assert request(host.port, "POST", path, headers=headers).status == 200
            count += 1
        return count

    ones = [threads.submit(stream) for _ in range(4)]
    try:
        wait_until(lambda: _queued_count(host, "sleeps") > 1, "the worker has enough to do")
        last = request(host.port, "POST", path, headers={"X-DEEPaaS-Priority": "9"})
    finally:
        is_over = True
    assert last.status == 200
    assert last.seconds < size(60, 10)
    assert all(one.result() for one in ones)
