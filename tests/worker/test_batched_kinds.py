"""Batches of typed predictors, and of calls that are joined along the first axis of a tensor."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import numpy as np
from support.pools import until

from deepaas.messages import Answer, Failure, Tensor, Upload, Values

from .batching import Batched, result, serving

TYPED = """
import time
from pathlib import Path
from typing import Annotated

import numpy as np
from deepaas.model.v2 import Tensor, batched

FOLDER = Path(__file__).parent
Rows = Annotated[np.ndarray, Tensor("float32", (-1, 2))]


def wait(count):
    with (FOLDER / "sizes").open("a") as file:
        file.write(f"{count}\\n")
    while count == 1 and not (FOLDER / "go").exists():
        time.sleep(0.002)


class Predictor:
    @batched(size=4)
    def predict(self, x: Rows, plus: int = 0) -> list[float]:
        wait(len(x))
        if np.isnan(x).any():
            raise ValueError("no number")
        return [float(row.sum()) + plus for row in x]


class Files:
    def predict(self, file: Path, name: str = "") -> str:
        return self.predict_batch([{"file": file, "name": name}])[0]

    def predict_batch(self, calls: list[dict]) -> list[str]:
        wait(len(calls))
        return [f"{call.get('name')}: {Path(call['file']).read_text()}" for call in calls]
"""


def tensor(rows: list[list[float]]) -> Tensor:
    array = np.array(rows, "<f4")
    return Tensor("float32", list(array.shape), array.tobytes())


def ask(model: Batched, rows: list[list[float]], **given: Any) -> asyncio.Future[Answer | Failure]:
    values = Values(given, tensors=[("x", tensor(rows))])
    return asyncio.ensure_future(model.pool.calls.run(values))


async def test_tensors_of_a_typed_predictor_are_joined(tmp_path: Path) -> None:
    async with serving(tmp_path, TYPED, kind="cog", name="Predictor") as model:
        first = ask(model, [[0, 0]])
        await until(lambda: model.lines("sizes") == ["1"])
        calls = [
            ask(model, [[1, 1]]),
            ask(model, [[2, 2], [3, 3]]),
            ask(model, [[4, 4]], plus=1),
            ask(model, [[float("nan"), 4]]),
            ask(model, [[number, 0] for number in range(6)]),
        ]
        await model.queued(5)
        (tmp_path / "go").touch()
        assert await result(first) == [0.0]
        assert await result(calls[0]) == [2.0]
        assert await result(calls[1]) == [4.0, 6.0]
        assert await result(calls[2]) == [9.0]
        assert (await result(calls[3])).message == "ValueError: no number"
        assert await result(calls[4]) == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
        # A batch of four, which runs again, one of other arguments, and a large one.
        assert model.lines("sizes") == ["1", "4", "1", "2", "1", "1", "6"]


async def test_each_call_of_a_batch_has_its_own_files(tmp_path: Path) -> None:
    async with serving(tmp_path, TYPED, kind="cog", name="Files") as model:

        def upload(text: str) -> asyncio.Future[Answer | Failure]:
            path = tmp_path / f"upload-{text}"
            path.write_text(text)
            values = Values(
                {"name": text}, files=[("file", Upload(str(path), "a.txt", "text/plain"))]
            )
            return asyncio.ensure_future(model.pool.calls.run(values))

        first = upload("first")
        await until(lambda: model.lines("sizes") == ["1"])
        calls = [upload("one"), upload("two")]
        await model.queued(2)
        (tmp_path / "go").touch()
        answers = [await call for call in (first, *calls)]
        assert all(isinstance(one, Answer) for one in answers)
        said = [json.loads(one.body) for one in answers if isinstance(one, Answer)]
        assert said == ["first: first", "one: one", "two: two"]
        assert model.lines("sizes") == ["1", "2"]
        assert not list((tmp_path / "results").iterdir())
