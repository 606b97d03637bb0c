"""Inputs that are large, secret, or checked by the model alone; and files that look like values."""

import base64
from typing import Any

import pytest

from .conftest import Database
from .door import Door

pytestmark = pytest.mark.xdist_group("cog_door")

SECRETS = ["hunter2", "swordfish"]
HIDDEN = ["**********"] * 2


def test_many_wrong_items_cost_little(takes: Door) -> None:
    answer = takes.ask("POST", "/predictions", {"input": {"tags": [1] * 100_000, "word": 5}})
    assert answer.status == 422
    assert [(fault["loc"][2], fault["msg"][:14]) for fault in answer.json()["detail"]] == [
        ("tags", "the value does"),
        ("word", "5 is not of ty"),
    ]
    assert takes.predict(tags=["a"] * 100_000)["output"][0] == 100_000


@pytest.mark.parametrize(
    ("inputs", "where"),
    [({"word": "ba"}, ["word"]), ({"words": ["ab", "ba", "b"]}, ["words/1", "words/2"])],
)
def test_what_only_python_can_read_is_checked_by_the_model(
    takes: Door, inputs: dict[str, Any], where: list[str]
) -> None:
    answer = takes.ask("POST", "/predictions", {"input": inputs})
    assert answer.status == 422
    faults = answer.json()["detail"]
    assert [fault["loc"] for fault in faults] == [["body", "input", one] for one in where]
    assert {(fault["msg"], fault["type"]) for fault in faults} == {
        ("String does not match expected pattern.", "value_error")
    }
    assert takes.predict(word="cab", words=["ab"])["output"] == [0, 0, "cab", ["ab"]]


def test_secrets_in_lists_are_shown_to_nobody(takes: Door, database: Database) -> None:
    takes.put("quiet", keys=SECRETS, tags=["seen"])
    told = takes.wait("quiet")
    assert told["input"] == {"keys": HIDDEN, "tags": ["seen"]}
    assert told["output"] == [1, 16, "ab", []]
    body = {"id": "quiet", "input": {"keys": SECRETS}}
    assert takes.ask("POST", "/trainings", body).json()["output"] == 2
    trained = takes.ask("GET", "/trainings/quiet").json()
    assert trained["input"] == {"keys": ["********"] * 2, "steps": 1}
    (run,) = takes.host.get("/v2/models/takes/train/").json()
    assert run["args"] == trained["input"]
    stored = b"".join(path.read_bytes() for path in database.folder.glob("trainings.sqlite*"))
    assert b"seen" in stored
    assert [secret for secret in SECRETS if secret.encode() in stored] == []


CONTENT = "{not\njson"


def test_an_undeclared_file_is_no_value(takes: Door) -> None:
    url = "data:application/json;base64," + base64.b64encode(CONTENT.encode()).decode()
    assert takes.predict(content=CONTENT)["output"] == url
    with takes.stream("POST", "/predictions", {"input": {"content": CONTENT}}) as stream:
        events = dict(stream)
    assert events["output"]["chunk"] == url
    assert events["completed"]["output"] == url
    # The V2 API sends files as they are, but for those in events.
    host = takes.host
    assert host.predict("takes", content=CONTENT).body == CONTENT.encode()
    answer = host.predict("takes", content=CONTENT, headers={"Accept": "text/event-stream"})
    assert f'data: {{"index":0,"value":"{url}"}}\n' in answer.body.decode()
