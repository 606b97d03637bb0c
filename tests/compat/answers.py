"""What the tests of DEEPaaS's faults expect of answers, and how they begin trainings."""

from __future__ import annotations

from typing import Any

from support.waiting import wait_until

from .hosts import Host
from .wire import Answer

GONE_SECONDS = 5
TRAIN_SECONDS = 20


def error_of(answer: Answer) -> str:
    """The message of an error in our shape."""
    assert answer.media_type == "application/json", answer
    body = answer.json()
    assert body["code"] == answer.status
    if answer.status == 500:
        assert body["id"]
    return str(body["message"])


def prediction(answer: Answer) -> Any:
    assert answer.status == 200, answer
    return answer.json()["predictions"]


def training(answer: Answer, *states: str) -> dict[str, Any]:
    assert answer.status == 200, answer
    told: dict[str, Any] = answer.json()
    assert told["status"] in states, told
    return told


def begun(host: Host, model: str, *states: str, **request: Any) -> str:
    """Begins a training, and answers where it can be seen."""
    answer = host.train(model, **request)
    # The place of the one before may be free a moment later.
    states = states or ("queued", "running")
    return f"/v2/models/{model}/train/{training(answer, *states)['uuid']}"


def waiting(host: Host, text: str, act: str = "wait") -> str:
    """Begins a training that runs until the file `TEXT.go` lets it end."""
    target = begun(host, "acts", query={"act": act, "text": text})
    begin = host.folder / "work" / f"{text}.begun"
    wait_until(begin.exists, "the training's begin", TRAIN_SECONDS)
    return target


def refusal(host: Host) -> str:
    """What a host says that does not start; and it says so by its exit code."""
    assert host.process.wait(timeout=20) > 0
    assert "Traceback" not in host.log
    return host.log
