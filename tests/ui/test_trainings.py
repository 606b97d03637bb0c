"""The parts of the Train tab that need no browser."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from deepaas.client.api import Api
from deepaas.client.description import Argument, Model
from deepaas.client.errors import ClientError
from deepaas.client.runs import Run, moment, parse
from deepaas.client.trainings import File, TrainingApi, TrainingFiles
from deepaas.ui.recent import Recent
from deepaas.ui.train_curves import BUCKETS_COUNT, curves_html, thinned
from deepaas.ui.train_details import details_html, files_html, log_html
from deepaas.ui.train_run import (
    begun_words,
    duration_words,
    progress_words,
    size_words,
    state_words,
)
from deepaas.ui.train_scale import number_words, scale_for
from deepaas.ui.train_table import table_html

BAD = "<img src=x onerror=alert(1)>\"'${1}{{x}}`"
BASE = "/base/v2/models/cats/train/"
TOLD = {
    "uuid": "a" * 32,
    "date": "2026-11-21 11:00:00.500000",
    "args": {"epochs": 3},
    "status": "running",
    "start_date": "2026-11-21 11:58:59.000000",
    "duration_seconds": 61.9,
    "progress": {"step": 3.0, "total": 10.0, "message": "going on"},
    "links": [
        {"rel": "self", "href": f"{BASE}{'a' * 32}"},
        {"rel": "logs", "href": f"{BASE}{'a' * 32}/logs"},
        {"rel": "tensorboard", "href": "/base/tensorboard/?regexInput=cats#timeseries"},
    ],
}
OLD = {"uuid": "b" * 32, "date": "2026-11-21 11:59:00.100000", "args": {}, "status": "running"}


class TestWords:
    def test_running(self) -> None:
        run = parse(TOLD)
        assert (run.short, run.final, run.share) == ("aaaaaaaa", False, 0.3)
        assert progress_words(run) == "3/10 · going on"
        assert duration_words(run) == "0:01:01"

    def test_begun_in_words_that_stay_true(self) -> None:
        assert begun_words(parse(TOLD)) == f"Run aaaaaaaa was started. ID: {'a' * 32}"
        queued = parse({**TOLD, "status": "queued"})
        assert begun_words(queued).startswith("Run aaaaaaaa was added to the queue.")

    @pytest.mark.parametrize(
        ("progress", "words"),
        [
            ({"step": 0.5, "total": 3.0, "message": ""}, "0.5/3"),
            ({"step": 7.0, "total": None, "message": "m"}, "7 · m"),
            ({"step": 7.0, "total": 0.0, "message": ""}, "7"),
            (None, ""),
            ("odd", ""),
            ({"step": float("nan"), "total": True, "message": None}, ""),
        ],
    )
    def test_progress(self, progress: Any, words: str) -> None:
        assert progress_words(parse({**TOLD, "progress": progress})) == words

    def test_ended(self) -> None:
        told = {**TOLD, "status": "done", "duration_seconds": 3600.5}
        assert duration_words(parse(told)) == "1:00:00"

    def test_old_host(self) -> None:
        # Its dates have no zone: they say nothing to who is elsewhere.
        assert duration_words(parse(OLD)) == ""
        result = {"output": 3, "finish_date": "2026-11-21 11:59:30.100000", "duration": "0:00:30"}
        done = parse({**OLD, "status": "done", "result": result})
        assert (done.result, duration_words(done)) == (3, "0:00:30")
        # Of a failure it does not tell when.
        assert duration_words(parse({**OLD, "status": "error", "message": "m"})) == ""

    def test_a_clock_that_goes_wrong(self) -> None:
        assert duration_words(parse({**TOLD, "duration_seconds": -5.0})) == ""

    def test_cancelling(self) -> None:
        assert state_words(parse({**TOLD, "cancelling": True})) == "cancelling…"

    def test_what_is_no_date(self) -> None:
        assert moment("soon") is moment(None) is None

    def test_no_word_at_all(self) -> None:
        assert parse({}) == Run(uuid="", state="")

    @pytest.mark.parametrize(
        ("count", "words"),
        [(0, "0 B"), (999, "999 B"), (1234, "1.2 kB"), (123456, "123 kB"), (5 * 10**12, "5.0 TB")],
    )
    def test_sizes(self, count: int, words: str) -> None:
        assert size_words(count) == words


class TestScales:
    def test_round_ticks(self) -> None:
        assert scale_for([0, 1], 0, 100).ticks() == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1])
        assert scale_for([1, 12], 0, 100).ticks() == [5, 10]

    def test_places(self) -> None:
        scale = scale_for([2, 4], 10, 110)
        assert [scale.place(value) for value in (2, 3, 4)] == [10, 60, 110]

    def test_one_value_lies_in_the_middle(self) -> None:
        for value in (0.0, 5.0, -3.0, 1e-9):
            assert scale_for([value], 0, 100).place(value) == pytest.approx(50)
        assert scale_for([5], 0, 100, log=True).place(5) == pytest.approx(50)

    def test_logarithmic(self) -> None:
        scale = scale_for([0.01, 100], 0, 100, log=True)
        assert [scale.place(value) for value in (0.01, 1, 100)] == pytest.approx([0, 50, 100])
        assert scale.ticks() == pytest.approx([0.01, 0.1, 1, 10, 100])
        assert scale_for([2, 3], 0, 100, log=True).ticks() == pytest.approx(
            [2, 2.2, 2.4, 2.6, 2.8, 3]
        )

    @pytest.mark.parametrize("values", [[1e-300, 1e300], [-1e300, 1e300], [1, 1 + 1e-12], [3, 5e9]])
    def test_there_are_never_many_ticks(self, values: list[float]) -> None:
        assert len(scale_for(values, 0, 100).ticks()) <= 12
        if min(values) > 0:
            assert len(scale_for(values, 0, 100, log=True).ticks()) <= 12

    @pytest.mark.parametrize(
        ("value", "words"),
        [
            (0, "0"),
            (0.12345, "0.1235"),
            (12345, "12345"),
            (2e6, "2e6"),
            (1.5e-7, "1.5e-7"),
            (3, "3"),
        ],
    )
    def test_numbers(self, value: float, words: str) -> None:
        assert number_words(value) == words


class TestCurves:
    def test_one_plot_for_each_metric(self) -> None:
        html = curves_html(
            [
                ("one", {"loss": [(1, 0.5), (2, 0.25)], "accuracy": [(1, 0.9)]}),
                ("two", {"loss": [(1, 0.75), (2, 0.5)], "empty": []}),
            ]
        )
        assert re.findall(r"<figcaption>(.*?)</figcaption>", html) == ["accuracy", "loss"]
        assert 'aria-label="loss: one 0.25 at step 2; two 0.5 at step 2"' in html
        # A colour belongs to a training, whatever the others have measured.
        assert html.count('class="curve c1" points="58') == 1

    def test_nothing_measured(self) -> None:
        assert curves_html([("one", {})]) == ""

    def test_nothing_above_zero(self) -> None:
        html = curves_html([("one", {"loss": [(1, 0.0), (2, -1.0)]})], log=True)
        assert "no values above 0" in html

    def test_values_above_zero_only(self) -> None:
        html = curves_html([("one", {"loss": [(1, 0.0), (2, 1.0), (3, 2.0)]})], log=True)
        assert html.count("<circle") == 2

    def test_many_points(self) -> None:
        points = [(float(step), float(step % 7)) for step in range(100_000)]
        points[54_321] = (54_321.0, 1000.0)
        kept = thinned(points)
        assert len(kept) <= 2 * BUCKETS_COUNT + 2
        assert (54_321.0, 1000.0) in kept
        assert (kept[0], kept[-1]) == (points[0], points[-1])
        assert len(curves_html([("one", {"loss": points})])) < 30_000

    def test_what_authors_write_is_text(self) -> None:
        html = curves_html([("one", {BAD: [(1, 0.5)]})])
        assert "<img" not in html


def test_what_others_write_is_text() -> None:
    told = {
        **TOLD,
        "uuid": BAD,
        "status": BAD,
        "message": BAD,
        "args": {BAD: BAD},
        "result": {"output": BAD},
        "progress": {"step": 1, "message": BAD},
    }
    run = parse(told)
    for html in (
        table_html([run], [run.uuid], 1),
        details_html([run], lambda _: f"http://h/{BAD}"),
        files_html(run, TrainingFiles((File(BAD, 1),)), lambda path: path, BAD),
        log_html(run, BAD),
    ):
        assert "<img" not in html
        assert not re.search(r"=\"[^\"]*\"'", html)


class TestTable:
    def test_rows(self) -> None:
        html = table_html([parse(TOLD), parse(OLD)], ["b" * 32], 3)
        assert re.findall(r'<th scope="row".*?>(.*?)</th>', html) == ["aaaaaaaa", "bbbbbbbb"]
        assert html.count(" checked") == 1
        assert f'data-pick="3" data-picked="{"b" * 32}"' in html

    def test_no_rows(self) -> None:
        assert "No training runs yet" in table_html([], [], 0)


class TestRecent:
    async def test_asked_once(self) -> None:
        asked: list[int] = []

        async def ask() -> int:
            asked.append(1)
            await asyncio.sleep(0)
            return len(asked)

        recent = Recent()
        answers = await asyncio.gather(*(recent.get("key", 60, ask) for _ in range(5)))
        assert answers == [1] * 5
        assert await recent.get("other", 60, ask) == 2
        recent.forget()
        assert await recent.get("key", 60, ask) == 3

    async def test_asked_again_after_a_while(self) -> None:
        now = 0.0

        async def ask() -> float:
            return now

        recent = Recent(lambda: now)
        assert await recent.get("key", 2, ask) == 0
        now = 1.9
        assert await recent.get("key", 2, ask) == 0
        now = 2.1
        assert await recent.get("key", 2, ask) == 2.1

    async def test_a_slow_host_is_left_in_peace(self) -> None:
        now = 0.0

        async def ask() -> float:
            nonlocal now
            now += 10.0
            return now

        recent = Recent(lambda: now)
        assert await recent.get("key", 2, ask) == 10
        now = 49.0
        assert await recent.get("key", 2, ask) == 10
        now = 51.0
        assert await recent.get("key", 2, ask) == 61

    async def test_a_failure_is_not_kept_for_long(self) -> None:
        now = 0.0

        async def ask() -> float:
            if now == 0:
                raise ClientError("no")
            return now

        recent = Recent(lambda: now)
        with pytest.raises(ClientError):
            await recent.get("key", 3600, ask)
        now = 6.0
        assert await recent.get("key", 3600, ask) == 6

    async def test_a_visitor_who_leaves_takes_nothing_from_others(self) -> None:
        gate = asyncio.Event()

        async def ask() -> str:
            await gate.wait()
            return "answer"

        recent = Recent()
        first = asyncio.ensure_future(recent.get("key", 60, ask))
        second = asyncio.ensure_future(recent.get("key", 60, ask))
        await asyncio.sleep(0)
        first.cancel()
        gate.set()
        assert await second == "answer"

    async def test_a_failure_is_told_to_all(self) -> None:
        async def ask() -> str:
            raise ClientError("no")

        recent = Recent()
        for _ in range(2):
            with pytest.raises(ClientError):
                await recent.get("key", 60, ask)


class OldHost:
    """Trainings as DEEPaaS 2.6 has them: DELETE forgets one, and does not answer."""

    def __init__(self) -> None:
        self.runs = [OLD, {**OLD, "uuid": "c" * 32, "date": "2026-11-21 11:59:01.000000"}]
        self.left = asyncio.Event()

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/v2/models/cats/train/", self._list)
        app.router.add_get("/v2/models/cats/train/{uuid}", self._get)
        app.router.add_delete("/v2/models/cats/train/{uuid}", self._delete)
        return app

    async def _list(self, _: web.Request) -> web.Response:
        return web.json_response(self.runs)

    async def _get(self, request: web.Request) -> web.Response:
        for run in self.runs:
            if run["uuid"] == request.match_info["uuid"]:
                return web.json_response(run)
        raise web.HTTPNotFound

    async def _delete(self, request: web.Request) -> web.Response:
        if request.match_info["uuid"] == "b" * 32:
            raise web.HTTPForbidden(text="not yours")
        self.runs = [run for run in self.runs if run["uuid"] != request.match_info["uuid"]]
        await self.left.wait()
        return web.Response()


MODEL = Model("cats", "Cats", train=(Argument("epochs", "integer"),))


class TestOldHost:
    @pytest_asyncio.fixture
    async def trainings(self) -> AsyncIterator[TrainingApi]:
        host = OldHost()
        runner = web.AppRunner(host.app(), shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with Api(f"http://127.0.0.1:{runner.addresses[0][1]}") as api:
            yield TrainingApi(api, MODEL)
        host.left.set()
        await runner.cleanup()

    async def test_the_newest_come_first(self, trainings: TrainingApi) -> None:
        listing = await trainings.list(10)
        assert [run.short for run in listing.runs] == ["cccccccc", "bbbbbbbb"]
        assert listing.total_count == 2
        assert len((await trainings.list(1)).runs) == 1

    async def test_cancel(self, trainings: TrainingApi) -> None:
        newest = (await trainings.list(10)).runs[0]
        assert await trainings.cancel(newest) == "cancelled; this host has deleted it"
        assert [run.short for run in (await trainings.list(10)).runs] == ["bbbbbbbb"]

    async def test_a_refusal_is_told(
        self, trainings: TrainingApi, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("deepaas.client.trainings.GONE_LOOKS_COUNT", 1)
        oldest = (await trainings.list(10)).runs[1]
        with pytest.raises(ClientError, match="not yours"):
            await trainings.cancel(oldest)


class TestLinks:
    async def test_below_a_base_path(self) -> None:
        run = parse(TOLD)
        trainings = TrainingApi(Api("http://127.0.0.1:5000/base"), MODEL)
        host = "http://127.0.0.1:5000/base"
        assert trainings.file_link(run, "a b/c#") == (
            f"{host}/v2/models/cats/train/{run.uuid}/files/a%20b/c%23"
        )
        assert trainings.zip_link(run).endswith("/files/?format=zip")
        assert trainings.tensorboard_link(run) == f"{host}/tensorboard/?regexInput=cats#timeseries"

    async def test_beside_the_page(self) -> None:
        trainings = TrainingApi(Api("http://127.0.0.1:5000/base"), MODEL, "../..")
        link = trainings.tensorboard_link(parse(TOLD))
        assert link == "../../tensorboard/?regexInput=cats#timeseries"

    async def test_no_tensorboard(self) -> None:
        trainings = TrainingApi(Api("http://127.0.0.1:5000"), MODEL)
        assert trainings.tensorboard_link(parse(OLD)) is None
