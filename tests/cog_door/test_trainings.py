"""Trainings through Cog's API are durable runs."""

from failures.waiting import wait_until

from .door import Door, Receiver


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
    again = {"id": "my-own", "input": {"steps": 1}}
    assert together.ask("POST", "/trainings", again).status == 409
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
