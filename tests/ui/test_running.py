"""What a visitor is told while a call waits, against real hosts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from support.host import MODELS, Host, start_host
from support.waiting import wait_until

from deepaas.client.answers import HostAnswer
from deepaas.client.api import Api
from deepaas.client.calls import predict_call
from deepaas.client.description import Model
from deepaas.client.errors import ClientError
from deepaas.ui import running
from deepaas.ui.running import Cancelled, Queue, Running, progress_words, wait_words

PATIENCE_SECONDS = 90


@pytest.mark.parametrize(
    ("queue", "words"),
    [
        (Queue(), "Waiting for the model: 7 s"),
        (Queue(1, 1), "Waiting for the model, position 1 of 1 in the queue: 7 s"),
        (Queue(2, 23), "Waiting for the model, position 2 of 23 in the queue: 7 s"),
        (Queue(11, 23), "Waiting for the model, position 11 of 23 in the queue: 7 s"),
        (Queue(23, 24), "Waiting for the model, position 23 of 24 in the queue: 7 s"),
        (Queue(progress="step 2 of 3"), "Running: step 2 of 3, 7 s"),
    ],
)
def test_words(queue: Queue, words: str) -> None:
    assert wait_words(7.4, queue) == words


@pytest.mark.parametrize(
    ("progress", "words"),
    [
        ({"step": 2.0, "total": 3.0, "message": "loss: 1"}, "step 2 of 3, loss: 1"),
        ({"step": 0.5, "total": None, "message": ""}, "step 0.5"),
        ({"step": None, "total": 3}, ""),
        ({"step": "many"}, ""),
        ({}, ""),
    ],
)
def test_words_of_progress(progress: dict[str, Any], words: str) -> None:
    assert progress_words(progress) == words


class Visitor:
    """Somebody who has pressed Run; what the page has said to them last, without the seconds."""

    def __init__(self, calls: Running, model: Model, folder: Path, label: str, gate: str) -> None:
        self.said = ""
        call = predict_call(model, {"label": label, "gate": gate})
        self._wait = calls.wait(label, model, call, folder)
        self.ends = asyncio.ensure_future(self._listen())

    async def _listen(self) -> HostAnswer | None:
        try:
            async for said in self._wait:
                if isinstance(said, HostAnswer):
                    return said
                if isinstance(said, str):
                    self.said = said.partition(":")[0]
        except Cancelled:
            self.said = "cancelled"
        return None

    async def hears(self, words: str) -> None:
        await asyncio.to_thread(wait_until, lambda: self.said == words, words, PATIENCE_SECONDS)


def in_queue(place: str) -> str:
    return f"Waiting for the model, position {place} in the queue"


async def model_of(api: Api) -> Model:
    [model] = [model for model in await api.models() if model.name == "gated"]
    return model


async def begun(host: Host, label: str) -> None:
    await asyncio.to_thread(wait_until, lambda: f"start {label}" in host.journal(), label)


async def queued(host: Host, count: int) -> None:
    await asyncio.to_thread(
        wait_until, lambda: host.readiness("gated")["queued_count"] == count, f"{count} wait"
    )


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "LOOK_SECONDS", 0.1)


async def test_the_place_in_the_queue(tmp_path: Path) -> None:
    with start_host(["gated"]) as host:
        async with Api(host.url) as api:
            calls, model = Running(api), await model_of(api)
            first = Visitor(calls, model, tmp_path, "first", "open-first")
            await begun(host, "first")
            await first.hears("Waiting for the model")
            # Others count as well, those of other clients too, which have not named their calls.
            other = host.begin("gated", label="other", gate="open-other")
            await queued(host, 1)
            second = Visitor(calls, model, tmp_path, "second", "open-second")
            await queued(host, 2)
            third = Visitor(calls, model, tmp_path, "third", "open-third")
            await second.hears(in_queue("2 of 3"))
            await third.hears(in_queue("3 of 3"))

            host.touch("open-first")
            answer = await first.ends
            assert answer and answer.status == 200
            await second.hears(in_queue("1 of 2"))
            await third.hears(in_queue("2 of 2"))
            calls.cancel("second")
            await second.hears("cancelled")
            await third.hears(in_queue("1 of 1"))
            host.touch("open-other")
            await third.hears("Waiting for the model")
            host.touch("open-third")
            assert await third.ends
            assert other.result(PATIENCE_SECONDS).status == 200

            with pytest.raises(ClientError) as refused:
                await api.get_json("/v2/models/nobody/queue")
            assert refused.value.status == 404
            # Calls that are not named are nobody's.
            for query in ({}, {"request_id": ""}):
                told = await api.get_json("/v2/models/gated/queue", query)
                assert told == {"queued_count": 0}
            told = await api.get_json("/v2/models/gated/queue", {"request_id": "unknown"})
            assert told == {"queued_count": 0, "place": None}


async def test_the_progress(tmp_path: Path) -> None:
    with start_host(["progresses"], "--no-ui") as host:
        async with Api(host.url) as api:
            (model,) = await api.models()
            call = predict_call(model, {"gate": "open"})
            async for said in Running(api).wait("first", model, call, tmp_path):
                if isinstance(said, str) and said.startswith("Running: step 1 of 3, loss: 1.00, "):
                    host.touch("open")
            assert isinstance(said, HostAnswer)
            assert said.json()["predictions"] == 3


@pytest.fixture
async def theirs(tmp_path: Path) -> AsyncIterator[tuple[Api, Path]]:
    peer = pytest.importorskip("compat.peer")
    from compat import hosts

    folder = tmp_path / "host"
    environment = {
        "PYTHONPATH": f"{folder}/site:{MODELS}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "DEEPAAS_TEST_DIR": str(tmp_path),
    }
    program = peer.peer_program()
    with hosts.serving(program, {"gated": "gated"}, folder, environment=environment) as host:
        async with Api(f"http://127.0.0.1:{host.port}") as api:
            yield api, tmp_path


async def test_deepaas_2_does_not_tell(theirs: tuple[Api, Path], tmp_path: Path) -> None:
    api, home = theirs
    calls, model = Running(api), await model_of(api)
    visitors = [Visitor(calls, model, tmp_path, f"v{n}", "open") for n in range(2)]
    for visitor in visitors:
        await visitor.hears("Waiting for the model")
    (home / "open").touch()
    for visitor in visitors:
        answer = await visitor.ends
        assert answer and answer.json()["predictions"]["label"].startswith("v")
