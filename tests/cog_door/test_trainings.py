"""Trainings through Cog's API are durable runs."""

import time

import pytest
from support.waiting import wait_until

from .conftest import Database
from .door import Door, Receiver

pytestmark = pytest.mark.xdist_group("cog_door")


def test_to_the_end(together: Door) -> None:
    answer = together.ask("POST", "/trainings", {"input": {"steps": 3}})
    assert answer.status == 200
    told = answer.json()
    assert (told["status"], told["output"]) == ("succeeded", {"size": 3})
    assert told["logs"] == "3 steps\n"
    # It is a run like those of the V2 API.
    run = together.host.get(f"/v2/models/together/train/{told['id']}").json()
    assert run["status"] == "done"
    listed = together.ask("GET", "/trainings").json()["results"]
    assert [one["id"] for one in listed][:1] == [told["id"]]


def test_in_the_background_and_once(together: Door, receiving: Receiver) -> None:
    body = {"input": {"steps": 1, "gate": "trained"}, "webhook": f"{receiving.url}/train"}
    answer = together.ask("PUT", "/trainings/my-own", body, Prefer="respond-async")
    assert (answer.status, answer.json()) == (202, {"id": "my-own", "status": "starting"})
    wait_until(lambda: status(together, "my-own") == "processing", "it begins")
    assert together.ask("PUT", "/trainings/my-own", body).status == 202
    other = {"id": "my-own", "input": {"steps": 1}}
    assert together.ask("POST", "/trainings", other).status == 409
    together.host.touch("trained")
    wait_until(lambda: status(together, "my-own") == "succeeded", "it ends")
    again = together.ask("PUT", "/trainings/my-own", body)
    assert (again.status, again.json()["output"]) == (200, {"size": 1})
    assert receiving.wait("/train", "succeeded")[-1]["output"] == {"size": 1}


def test_cancel(together: Door) -> None:
    body = {"input": {"steps": 1, "gate": "never"}}
    together.ask("PUT", "/trainings/unwanted", body, Prefer="respond-async")
    wait_until(lambda: status(together, "unwanted") == "processing", "it begins")
    assert together.ask("POST", "/trainings/unwanted/cancel").json() == {}
    wait_until(lambda: status(together, "unwanted") == "canceled", "it is cancelled")


def test_refusals(together: Door, answers: Door) -> None:
    answer = together.ask("POST", "/trainings", {"input": {"steps": 0}})
    assert answer.status == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "input", "steps"]
    assert together.ask("GET", "/trainings/nobody").status == 404
    assert together.ask("POST", "/trainings/nobody/cancel").status == 404
    body = {"input": {"steps": 1}}
    assert together.ask("POST", "/trainings", body, Accept="text/event-stream").status == 406
    answer = answers.ask("POST", "/trainings", {"input": {}})
    assert (answer.status, answer.json()["status"]) == (501, "failed")


def status(door: Door, name: str) -> str:
    answer = door.ask("GET", f"/trainings/{name}")
    assert answer.status == 200, answer.body
    return str(answer.json()["status"])


def test_the_document_tells_of_them(together: Door, answers: Door) -> None:
    document = together.ask("GET", "/openapi.json").json()
    assert list(document["components"]["schemas"]["TrainingInput"]["properties"]) == [
        "steps",
        "gate",
    ]
    assert "/trainings/{training_id}/cancel" in document["paths"]
    assert document["servers"] == [{"url": "/cog/together"}]
    assert "/trainings" not in answers.ask("GET", "/openapi.json").json()["paths"]


def test_many_who_ask_for_the_same(together: Door) -> None:
    body = {"input": {"steps": 2}}
    asking = [
        together.begin("PUT", "/trainings/one-for-all", body, Prefer="respond-async")
        for _ in range(8)
    ]
    assert {each.result().status for each in asking} <= {200, 202}
    wait_until(lambda: status(together, "one-for-all") == "succeeded", "it ends")
    listed = together.ask("GET", "/trainings").json()["results"]
    assert [one["id"] for one in listed].count("one-for-all") == 1


def test_the_list_goes_on(together: Door) -> None:
    names = [f"listed-{number}" for number in range(3)]
    for name in names:
        assert together.ask("PUT", f"/trainings/{name}", {"input": {"steps": 1}}).status == 200
    path, found = "/trainings?limit=2", list[str]()
    while path and len(found) < 4:
        page = together.ask("GET", path).json()
        assert len(page["results"]) <= 2
        found += [one["id"] for one in page["results"]]
        path = (page["next"] or "").removeprefix(together.base)
    assert found[:3] == names[::-1]
    page = together.ask("GET", "/trainings?limit=1000").json()
    assert page["next"] is None
    assert together.ask("GET", "/trainings?limit=0").status == 422


def test_two_models_and_one_id(together: Door) -> None:
    one, other = together, Door(together.host, "/cog/other")
    name = one.ask("POST", "/trainings", {"input": {"steps": 1}}).json()["id"]
    assert len(name) == 32
    assert other.ask("GET", f"/trainings/{name}").status == 404
    answer = other.ask("PUT", f"/trainings/{name}", {"input": {"steps": 2}})
    assert (answer.status, answer.json()["output"]) == (200, {"size": 2})
    for door, size in ((one, 1), (other, 2)):
        assert door.ask("GET", f"/trainings/{name}").json()["output"] == {"size": size}
        body = {"id": name, "input": {"steps": 1}}
        assert door.ask("POST", "/trainings", body).status == 409


def test_a_store_that_is_away_for_a_moment(
    together: Door, database: Database, receiving: Receiver
) -> None:
    body = {"input": {"steps": 4, "gate": "late"}, "webhook": f"{receiving.url}/late"}
    waiting = together.begin("PUT", "/trainings/late", body)
    wait_until(lambda: bool(receiving.told("/late")), "it has begun")
    database.rows("ALTER TABLE deepaas_runs RENAME TO elsewhere")
    try:
        asked = together.ask("GET", "/trainings/late")
        time.sleep(1)  # Whoever follows the run asks again meanwhile.
    finally:
        database.rows("ALTER TABLE elsewhere RENAME TO deepaas_runs")
    assert asked.status == 503
    together.host.touch("late")
    assert waiting.result().json()["output"] == {"size": 4}
    assert receiving.wait("/late", "succeeded")[-1]["output"] == {"size": 4}
