"""Predictions through Cog's API: routes, shapes of answers and errors, idempotence, cancelling."""

import json

import pytest
from support.host import Host
from support.waiting import wait_until

from .door import Door

pytestmark = pytest.mark.xdist_group("cog_door")


def test_synchronous(answers: Door) -> None:
    answer = answers.ask("POST", "/predictions", {"input": {"text": "ab", "times": 2}})
    assert answer.status == 200
    told = answer.json()
    assert told.pop("id").startswith("pred_")
    assert told.pop("metrics").keys() == {"predict_time"}
    assert told == {"logs": "", "output": "abab", "status": "succeeded"}


def test_an_odd_result_is_told_in_the_header(answers: Door) -> None:
    answer = answers.ask("POST", "/predictions", {"input": {"text": "ab", "how": "odd"}})
    assert answer.status == 200
    assert answer.headers["x-deepaas-notice"] == "predict returned an int, but declares str"
    answer = answers.ask("POST", "/predictions", {"input": {"text": "ab"}})
    assert "x-deepaas-notice" not in answer.headers


@pytest.mark.parametrize(("text", "status"), [("ab", 200), (5, 422)])
def test_an_ignored_input_is_told_in_the_header(answers: Door, text: object, status: int) -> None:
    answer = answers.ask("POST", "/predictions", {"input": {"text": text, "tims": 2, "zz": 1}})
    assert answer.status == status
    said = "ignored 'tims': unknown argument, did you mean 'times'?; ignored 'zz': unknown argument"
    assert answer.headers["x-deepaas-notice"] == said


def test_what_is_printed_belongs_to_the_call(answers: Door) -> None:
    assert answers.predict(text="one", how="print")["logs"] == "printed one\n"
    assert answers.predict(text="two", how="print")["logs"] == "printed two\n"


def test_an_exception_is_a_failed_prediction(answers: Door) -> None:
    told = answers.predict(text="this", how="raise")
    assert told["status"] == "failed"
    assert "ValueError: not this" in told["error"]
    assert told["logs"].startswith("before the fall\n")
    assert "output" not in told
    # Where it was raised stands in the host's log, for its author.
    told_there = f"prediction {told['id']} of model 'answers' failed: ValueError: not this\n"
    wait_until(lambda: told_there in answers.host.log(), "the record is written")
    _, _, behind = answers.host.log().partition(told_there)
    assert behind.lstrip().startswith("Traceback (most recent call last):")
    assert "answers.py" in behind.partition("ValueError")[0]


def test_a_worker_that_dies_takes_one_call_with_it(answers: Door) -> None:
    told = answers.predict(text="x", how="exit")
    assert (told["status"], told["error"][:14]) == ("failed", "Worker crashed")
    # The next call waits for the worker's successor.
    assert answers.predict(text="y")["output"] == "y"


@pytest.mark.parametrize(
    ("inputs", "fault"),
    [
        ({}, (["body", "input", "text"], "Field required", "value_error.missing")),
        ({"text": 5}, (["body", "input", "text"], '5 is not of type "string"', "value_error")),
        (
            {"text": "", "times": -1},
            (["body", "input", "times"], "-1 is less than the minimum of 0", "value_error"),
        ),
        ("text", (["body", "input", "__root__"], '"text" is not of type "object"', "value_error")),
    ],
)
def test_inputs_that_do_not_fit(answers: Door, inputs: object, fault: tuple[object, ...]) -> None:
    for method, path in [
        ("POST", "/predictions"),
        ("PUT", "/predictions/bad"),
        ("POST", "/predict"),
    ]:
        answer = answers.ask(method, path, {"input": inputs}, Prefer="respond-async")
        assert answer.status == 422
        (told,) = answer.json()["detail"]
        assert (told["loc"], told["msg"], told["type"]) == fault


@pytest.mark.parametrize(
    ("body", "content_type", "status", "text"),
    [
        (b"{", "application/json", 400, "Failed to parse the request body as JSON"),
        (b"[]", "application/json", 422, "Failed to deserialize the JSON body"),
        (b'{"id": 5}', "application/json", 422, "Failed to deserialize the JSON body"),
        (b'{"id": "a b"}', "application/json", 422, "without spaces"),
        (
            b'{"webhook_events_filter": ["end"]}',
            "application/json",
            422,
            "unknown variant `end`",
        ),
        (b"text=a", "application/x-www-form-urlencoded", 415, "application/json"),
        (b'{"input": ' + b"[" * 100_000, "application/json", 400, "Failed to parse"),
    ],
)
def test_bodies_that_are_none(
    answers: Door, body: bytes, content_type: str, status: int, text: str
) -> None:
    answer = answers.ask("POST", "/predictions", body, Content_Type=content_type)
    assert answer.status == status
    assert answer.headers["content-type"].startswith("text/plain")
    assert text in answer.body.decode()


def test_a_body_over_the_limit(answers: Door) -> None:
    connection = answers.send("POST", "/predictions", Content_Length=str(101 * 2**20), **JSON)
    response = connection.getresponse()
    assert (response.status, response.read()) == (
        413,
        b"Failed to buffer the request body: length limit exceeded",
    )
    connection.close()


JSON = {"Content_Type": "application/json"}


def test_routes_that_are_not_there(answers: Door) -> None:
    for method, path, status in [
        ("GET", "/predictions/nobody", 404),
        ("POST", "/predictions/nobody/cancel", 404),
        ("DELETE", "/predictions/nobody", 405),
        ("GET", "/elsewhere", 404),
        ("POST", "/shutdown", 403),
    ]:
        assert answers.ask(method, path).status == status, path
    assert answers.host.get("/cog/nobody/health-check").status == 404
    assert answers.host.is_ready()


def test_root_health_and_document(answers: Door) -> None:
    root = answers.ask("GET", "/").json()
    assert root["predictions_url"] == "/cog/answers/predictions"
    health = answers.ask("GET", "/health-check").json()
    assert health["setup"]["status"] == "succeeded"
    assert "getting ready" in health["setup"]["logs"]
    document = answers.ask("GET", "/openapi.json").json()
    properties = document["components"]["schemas"]["Input"]["properties"]
    assert list(properties) == ["text", "how", "times"]
    assert properties["times"]["description"] == "How often"


def test_docs_show_the_document(answers: Door) -> None:
    page = answers.ask("GET", "/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert 'data-spec="openapi.json"' in page.body.decode()
    # What the page needs, from where it looks for it.
    assert "../../static/swagger/page.js" in page.body.decode()
    assert answers.host.get("/static/swagger/page.js").status == 200


def test_predict_gives_the_output_alone(answers: Door) -> None:
    answer = answers.ask("POST", "/predict", {"input": {"text": "abc"}})
    assert (answer.status, answer.json()) == (200, "abc")
    answer = answers.ask("POST", "/predict", {"input": {"text": "abc", "how": "raise"}})
    assert answer.status == 500
    assert answer.json()["status"] == "failed"
    assert "not abc" in answer.json()["error"]


def test_asynchronous(answers: Door) -> None:
    body = {"id": "later", "input": {"text": "later", "how": "wait"}}
    answer = answers.ask("POST", "/predictions", body, Prefer="respond-async")
    assert (answer.status, answer.json()) == (202, {"id": "later", "status": "starting"})
    assert answers.wait("later", "processing")["input"]["how"] == "wait"
    answers.host.touch("later")
    told = answers.wait("later")
    assert (told["status"], told["output"]) == ("succeeded", "later")
    assert told["created_at"] <= told["started_at"] <= told["completed_at"]


def test_put_is_done_once(answers: Door) -> None:
    first = answers.begin("PUT", "/predictions/once", {"input": {"text": "once", "how": "wait"}})
    wait_until(lambda: "begins once" in answers.host.journal(), "it begins")
    again = answers.ask("PUT", "/predictions/once", {"input": {"text": "once", "how": "wait"}})
    assert (again.status, again.json()["status"]) == (202, "processing")
    posted = answers.ask("POST", "/predictions", {"id": "once", "input": {"text": "other"}})
    assert posted.status == 409
    answers.host.touch("once")
    assert first.result().json()["output"] == "once"
    assert answers.host.journal().count("begins once") == 1


def test_put_with_another_id(answers: Door) -> None:
    answer = answers.ask("PUT", "/predictions/one", {"id": "two", "input": {"text": ""}})
    assert answer.status == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "id"]


def test_put_of_what_has_ended_gives_what_is_kept(answers: Door) -> None:
    assert answers.put("kept", text="kept").status == 202
    before = answers.wait("kept")
    again = answers.put("kept", text="something else")
    assert (again.status, again.json()) == (200, before)
    assert answers.host.journal().count("begins kept") == 1
    events = list(answers.stream("PUT", "/predictions/kept", {"input": {"text": "x"}}))
    assert [name for name, _ in events] == ["start", "output", "completed"]
    assert events[1][1] == {"chunk": "kept", "index": 0}
    assert events[2][1]["output"] == "kept"


def test_cancel(answers: Door) -> None:
    waiting = answers.begin(
        "POST", "/predictions", {"id": "stop", "input": {"text": "stop", "how": "wait"}}
    )
    wait_until(lambda: "begins stop" in answers.host.journal(), "it begins")
    # Behind it in the queue.
    assert answers.put("stop-too", text="stop-too").status == 202
    for name in ("stop-too", "stop"):
        cancelled = answers.ask("POST", f"/predictions/{name}/cancel")
        assert (cancelled.status, cancelled.json()) == (200, {})
    assert waiting.result().json()["status"] == "canceled"
    assert answers.wait("stop-too")["status"] == "canceled"
    wait_until(lambda: (answers.host.home / "stopped-stop").exists(), "its code is interrupted")
    assert "begins stop-too" not in answers.host.journal()


def test_whoever_leaves_takes_the_prediction_along(answers: Door) -> None:
    connection = answers.send("POST", "/predictions", {"input": {"text": "left", "how": "wait"}})
    wait_until(lambda: "begins left" in answers.host.journal(), "it begins")
    connection.close()
    wait_until(lambda: (answers.host.home / "stopped-left").exists(), "it is interrupted")
    wait_until(answers.is_free, "the worker is free again")


def test_list(answers: Door) -> None:
    for number in range(5):
        answers.put(f"listed-{number}", text="x")
        answers.wait(f"listed-{number}")
    answers.put("listed-5", text="listed-5", how="wait")
    found: list[str] = []
    path = "/predictions?limit=2"
    while path:
        page = answers.ask("GET", path).json()
        found += [one["id"] for one in page["results"] if one["id"].startswith("listed")]
        path = page["next"].removeprefix(answers.base) if page["next"] else ""
    assert found == [f"listed-{number}" for number in (5, 4, 3, 2, 1, 0)]
    first = answers.ask("GET", "/predictions").json()["results"][0]
    assert (first["id"], first["status"]) == ("listed-5", "processing")
    answers.host.touch("listed-5")
    answers.wait("listed-5")
    assert answers.ask("GET", "/predictions?limit=many").status == 422


def test_a_package_of_deepaas_without_a_change(host: Host) -> None:
    plain = Door(host, "/cog/plain")
    assert plain.predict(text="this")["output"] == {"text": "this"}
    assert plain.predict()["output"] == {"text": "hello"}
    answer = plain.ask("POST", "/predictions", {"input": {"text": 5}})
    assert (answer.status, answer.json()["detail"][0]["loc"]) == (422, ["body", "input", "text"])


def test_ids_that_are_none(answers: Door) -> None:
    for name in ("a%20b", "x" * 257, "%C3%A9"):
        assert answers.ask("PUT", f"/predictions/{name}", {"input": {"text": ""}}).status == 422
    assert answers.ask("PUT", "/predictions/a%2Fb", {"input": {"text": "x"}}).json()["id"] == "a/b"


def test_several_at_a_time_each_with_its_own_log(together: Door) -> None:
    names = ["anna", "bert", "carl"]
    calls = [
        together.begin("POST", "/predictions", {"id": name, "input": {"name": name}})
        for name in names
    ]
    for name in names:
        together.wait(name, "processing")
        wait_until(lambda name=name: together.get(name)["logs"], "it has begun")  # type: ignore[misc]
    assert together.ask("GET", "/health-check").json()["status"] == "BUSY"
    for name in reversed(names):
        together.host.touch(name)
    for name, call in zip(names, calls, strict=True):
        told = call.result().json()
        assert (told["output"], told["logs"]) == (name, f"{name} begins\n{name} ends\n")


def test_a_long_result_does_not_go_through_memory(answers: Door) -> None:
    """The peak of the host is looked at when it ends."""
    answer = answers.ask("POST", "/predictions", {"input": {"text": "long", "times": 15_000_000}})
    assert len(answer.body) > 60_000_000
    assert json.loads(answer.body)["output"] == "long" * 15_000_000
    answers.put("long", text="long", times=15_000_000)
    kept = answers.wait("long")
    assert kept["output"] == "long" * 15_000_000


@pytest.mark.parametrize(
    "url", ["data:text/plain;base64,a", "data:nothing", "nothing", "file:///a"]
)
def test_predict_alone_says_whose_fault_it_is(url: str, reads: Door) -> None:
    answer = reads.ask("POST", "/predict", {"input": {"file": url}})
    assert answer.status == 422, answer.body
    assert "file" in str(answer.json())
