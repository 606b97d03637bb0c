"""Requests that Schemathesis makes from the documents of both doors, right ones and wrong ones."""

import os
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from support.host import Host
from support.loop_watch import LoopWatch, watched_host
from support.storm_size import Size
from support.waiting import wait_until

from .judge import as_before
from .wire import Exchange

MODEL = "fuzzed"
SEED = os.environ.get("DEEPAAS_FUZZ_SEED") or str(secrets.randbelow(2**32))


@pytest.fixture(scope="module")
def watched() -> Iterator[tuple[Host, LoopWatch]]:
    with watched_host([MODEL], "--train-queue-size", "2", "--no-ui", max_peak_mb=200) as found:
        host, _ = found
        wait_until(
            lambda: host.get("/readyz").json()["trainings"]["status"] == "ready",
            "the store is open",
        )
        yield found


@pytest.mark.parametrize("mode", ["positive", "negative"])
@pytest.mark.parametrize("document", ["/swagger.json", f"/cog/{MODEL}/openapi.json"])
def test_generated(watched: tuple[Host, LoopWatch], document: str, mode: str, size: Size) -> None:
    import hypothesis
    import schemathesis
    from schemathesis.core.result import Ok
    from schemathesis.generation.modes import GenerationMode

    host, loop = watched
    print(f"DEEPAAS_FUZZ_SEED={SEED}")
    seed = int(SEED, 10 if SEED.isdigit() else 16)
    schema = schemathesis.openapi.from_url(f"{host.url}{document}")
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    assert len(operations) == schema.statistic.operations.total
    # To think requests of an operation up costs more than to send them: in the small storm each
    # is asked for in one of the modes, as the seed decides, and in the full one in both.
    begin = (seed + (mode == "negative")) % 2
    operations = operations[size(begin, 0) :: size(2, 1)]
    with as_before(host, loop) as judge:
        for operation in operations:

            @hypothesis.seed(seed)
            @hypothesis.settings(
                max_examples=size(5, 600),
                deadline=None,
                database=None,
                phases=[hypothesis.Phase.generate],
                suppress_health_check=list(hypothesis.HealthCheck),
            )
            @hypothesis.given(case=operation.as_strategy(generation_mode=GenerationMode(mode)))
            def send(case: Any) -> None:
                answer = case.call(timeout=60)
                name = f"DEEPAAS_FUZZ_SEED={SEED} {case.method} {case.formatted_path} {case.query}"
                received = b"HTTP/1.1 %d \r\n\r\n%b" % (answer.status_code, answer.content)
                judge.look(f"{name} {case.body!r:.500}", Exchange(received, closed=True))

            # No request can be wrong where there is nothing to be wrong.
            try:
                send()
            except hypothesis.errors.Unsatisfiable:
                assert mode == "negative"
