"""From the start of a host to its end, with a model of each kind: what every Python can."""

from __future__ import annotations

from cog_door.door import PREDICTORS, Door
from support.client import Upload
from support.host import start_host
from support.trainings import Client


def test_start_to_answer() -> None:
    cog = ("--model-name", f"answers={PREDICTORS / 'answers.py:Predictor'}")
    with start_host(["echo", "trains"], *cog, "--no-ui") as host:
        echoed = host.predict("echo", upload=Upload(4))
        assert (echoed.status, echoed.json()["predictions"]["size"]) == (200, 4)
        assert host.predict("echo").status == 422
        assert Door(host, "/cog/answers").predict(text="text")["output"] == "text"
        trainings = Client(host)
        assert trainings.wait(trainings.begin(), "done")
        assert host.get("/swagger.json").status == 200
