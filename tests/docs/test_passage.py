"""What a call passes, from the socket to the model and back: traced, and told in the document."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from support.host import Host, start_host
from support.waiting import wait_until

from .pasted import ROOT
from .test_architecture import stations

DOCUMENT = ROOT / "docs" / "architecture.md"
HALVES = ("host", "worker")
BY_THE_CLOCK = ("deepaas.training.", "deepaas.web.connections:", "deepaas.workers.watch:")
EVERY_SECOND = "deepaas.web.connections:Connections._look"
LEAST_PART = 0.75
"""So much of it is always seen: what a call finds done already, it does not do again."""
ROUNDS_COUNT = 5
TYPED = "def run(text: str, n: int = 2) -> str:\n    return text * n\n"

Passage = dict[str, set[str]]


class Traced:
    """A host whose functions are noted."""

    def __init__(self, host: Host, file: Path) -> None:
        self._connection = HTTPConnection("127.0.0.1", host.port, timeout=60)
        self._file = file
        self._since = 0
        self.host = host

    def ask(self, path: str, body: object) -> Any:
        headers = {"Content-Type": "application/json"}
        self._connection.request("POST", path, json.dumps(body), headers)
        answer = self._connection.getresponse()
        content = answer.read()
        assert answer.status == 200, content
        return json.loads(content)

    def passage(self, path: str, body: object, count: int) -> Passage:
        """The functions that each of several calls has passed, by half; not what runs anyway."""
        self.ask(path, body)
        idle = self._idle()
        begun = []
        for _ in range(count + 1):
            begun.append(time.monotonic_ns())
            self.ask(path, body)
        passages = [
            {half: set(self._between(first, last, half)) for half in HALVES}
            for first, last in itertools.pairwise(begun)
        ]
        return {half: set.intersection(*(one[half] for one in passages)) - idle for half in HALVES}

    def order(self) -> list[str]:
        """All calls of functions since the last time, in order."""
        since, self._since = self._since, time.monotonic_ns()
        found = [one for half in HALVES for one in self._moments(since, self._since, half)]
        return [function for _, function in sorted(found)]

    def _idle(self) -> set[str]:
        """What is called by the clock, while nobody asks."""
        begun = time.monotonic_ns()

        def called() -> list[str]:
            return self._between(begun, time.monotonic_ns(), "host")

        wait_until(lambda: called().count(EVERY_SECOND) >= 2, "two seconds")
        return {one for one in called() if one.startswith(BY_THE_CLOCK)}

    def _between(self, first: int, last: int, half: str) -> list[str]:
        return [function for _, function in self._moments(first, last, half)]

    def _moments(self, first: int, last: int, half: str) -> Iterator[tuple[int, str]]:
        for line in self._file.read_text().splitlines():
            moment, where, function = line.split()
            if where == half and first <= int(moment) < last:
                yield int(moment), function


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Traced]:
    folder = tmp_path_factory.mktemp("traced")
    shutil.copy(Path(__file__).parent / "tracer" / "sitecustomize.py", folder)
    (folder / "typed.py").write_text(TYPED)
    file = folder / "trace"
    os.environ["FUNCTIONS_TRACED_TO"] = str(file)
    try:
        options = ("--model-name", f"{folder}/typed.py:run", "--no-ui")
        with start_host(["plain", "trains"], *options, packages=folder) as host:
            # Who asks all the time whether the host is well passes functions, too.
            host.watch.stop()
            yield Traced(host, file)
    finally:
        del os.environ["FUNCTIONS_TRACED_TO"]


def told(what: str) -> tuple[int, int]:
    """How many functions the document says that a call passes, in the host and in the worker."""
    found = re.search(rf"^\| {what} \| (\d+) \| (\d+) \|", DOCUMENT.read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]), int(found[2])


@pytest.mark.parametrize(
    ("what", "path", "body", "count"),
    [
        ("a prediction over V2", "/v2/models/plain/predict/", {}, 8),
        ("a prediction over Cog's API", "/cog/typed/predictions", {"input": {"text": "a"}}, 8),
        ("a training run, until the response", "/v2/models/trains/train/", {}, 2),
    ],
)
def test_a_call_passes_as_many_functions_as_the_document_says(
    traced: Traced, what: str, path: str, body: object, count: int
) -> None:
    passed = traced.passage(path, body, count)
    most = dict(zip(HALVES, told(what), strict=True))
    for _ in range(ROUNDS_COUNT):
        if all(len(passed[half]) <= most[half] for half in HALVES):
            break
        # A slow machine does other things during each of a few calls.
        again = traced.passage(path, body, count)
        passed = {half: passed[half] & again[half] for half in HALVES}
    print(*(f"{half} {function}" for half in HALVES for function in sorted(passed[half])), sep="\n")
    for half in HALVES:
        assert most[half] * LEAST_PART <= len(passed[half]) <= most[half]


def test_what_cog_s_door_has_checked_is_not_checked_again(traced: Traced) -> None:
    passed = traced.passage("/cog/typed/predictions", {"input": {"text": "a"}}, 3)
    assert "deepaas.protocols.cog.checking:Checker.faults" in passed["host"]
    assert "deepaas.runtime.arguments:Arguments._of_values" in passed["worker"]
    assert "deepaas.runtime.arguments:Arguments._checked" not in passed["worker"]


def test_a_training_needs_the_store_twice_at_most(traced: Traced) -> None:
    passed = traced.passage("/v2/models/trains/train/", {}, 2)
    store = {one for one in passed["host"] if one.startswith("deepaas.training.store:Store.")}
    # Once where all processes for trainings are busy.
    assert "deepaas.training.store:Store.add" in store
    assert store <= {"deepaas.training.store:Store.add", "deepaas.training.store:Store.claim"}


@pytest.mark.parametrize("heading", ["One prediction", "One training run"])
def test_a_call_passes_the_stations_of_the_document_in_their_order(
    traced: Traced, heading: str
) -> None:
    traced.order()
    if heading == "One prediction":
        traced.ask("/v2/models/plain/predict/", {})
    else:
        run = traced.ask("/v2/models/trains/train/", {})
        path = f"/v2/models/trains/train/{run['uuid']}"
        wait_until(lambda: traced.host.get(path).json()["status"] == "done", "it has ended", 120)
    called = iter(traced.order())
    # Each is found behind the one before.
    missed = [one for one in stations(heading) if ":".join(one) not in called]
    assert missed == []
