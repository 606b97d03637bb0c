"""What a newcomer types wrongly, and what the host says: in the answer, or in its log."""

from __future__ import annotations

import asyncio
import json
import time
import warnings
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from support import client
from support.command_lines import run_cli
from support.host import Host, start_host

from deepaas.client import AsyncClient, Client, HostNotice

FLOWERS = """
from webargs import fields

def get_predict_args():
    return {"a": fields.Float(required=True), "b": fields.Float(load_default=1.0)}

def predict(a, b):
    if a == 13:
        open("weights.pt")
    return {"sum": a + b}

def get_train_args():
    return {"epochs": fields.Int(load_default=3)}

def train(epochs):
    return {"epochs": epochs / (epochs - 13)}
"""

PREDICT = "/v2/models/flowers/predict/"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    folder = tmp_path_factory.mktemp("models")
    (folder / "flowers.py").write_text(FLOWERS)
    with start_host([], "--no-ui", f"--model-name=flowers={folder}/flowers.py") as started:
        yield started


def post(
    host: Host, body: str, kind: str = "x-www-form-urlencoded", path: str = PREDICT
) -> client.Answer:
    headers = {"Content-Type": f"application/{kind}"}
    connection = HTTPConnection("127.0.0.1", host.port, timeout=60)
    connection.request("POST", path, body.encode(), headers)
    return client.finish(connection, time.monotonic())


def test_a_misspelt_argument(host: Host) -> None:
    since = len(host.log())
    said = "ignored 'bb': unknown argument, did you mean 'b'?"
    for answer in (post(host, "a=1&bb=2"), post(host, json.dumps({"a": 1, "bb": 2}), "json")):
        assert answer.json()["predictions"] == {"sum": 2.0}  # As in DEEPaaS 2.x.
        assert answer.headers["x-deepaas-notice"] == said
    host.wait_for_log(f"model 'flowers': {said}", since)
    assert host.log()[since:].count(said) == 1  # The other one is counted, and told later.
    assert "x-deepaas-notice" not in post(host, "a=1&b=2").headers


def test_a_misspelt_argument_that_is_required(host: Host) -> None:
    answer = post(host, "aa=1")
    assert answer.status == 422
    assert answer.json() == {
        "a": ["Missing data for required field."],
        "aa": ["Unknown argument, did you mean 'a'?"],
    }
    assert answer.headers["x-deepaas-notice"].startswith("ignored 'aa'")


@pytest.mark.parametrize(("body", "status"), [("a=x&zz=1", 422), ("a=13&zz=1", 500)])
def test_an_ignored_argument_of_a_call_that_fails(host: Host, body: str, status: int) -> None:
    answer = post(host, body)
    assert (answer.status, answer.headers["x-deepaas-notice"]) == (
        status,
        "ignored 'zz': unknown argument",
    )


TOO_MUCH = {"a": 1e308, "b": 1e308}
"""Their sum is infinite."""


def test_python_programs_get_notices_as_warnings(host: Host) -> None:
    with Client(host.url) as caller:
        with pytest.warns(HostNotice, match="contains NaN or Infinity") as caught:
            assert caller.predict(arguments=TOO_MUCH)["predictions"] == {"sum": None}
        assert [one.filename for one in caught] == [__file__]

    async def later() -> None:
        async with AsyncClient(host.url) as asynchronous:
            await asynchronous.predict(arguments=TOO_MUCH)

    with pytest.warns(HostNotice) as caught:
        asyncio.run(later())
    assert [one.filename for one in caught] == [__file__]
    heard: list[str] = []
    with warnings.catch_warnings(), Client(host.url, on_notice=heard.append) as caller:
        warnings.simplefilter("error")
        caller.predict(arguments=TOO_MUCH)
        caller.predict(a=1, b=1)
    assert [text[:27] for text in heard] == ["the result contains NaN or "]


def test_the_command_prints_notices(host: Host, tmp_path: Path) -> None:
    done = run_cli("--url", host.url, "predict", "--a=1e308", "--b=1e308", folder=tmp_path)
    assert (done.returncode, json.loads(done.stdout)) == (0, {"sum": None})
    assert done.stderr.startswith("warning: the result contains NaN or Infinity")


def test_a_misspelt_argument_of_a_training_run(host: Host) -> None:
    since = len(host.log())
    said = "ignored 'epocs': unknown argument, did you mean 'epochs'?"
    answer = post(host, "epocs=9", path="/v2/models/flowers/train/")
    assert (answer.status, answer.headers["x-deepaas-notice"]) == (200, said)
    host.wait_for_log(said, since)


def test_a_failed_training_run_says_where_its_traceback_is(host: Host) -> None:
    run = post(host, "epochs=13", path="/v2/models/flowers/train/").json()["uuid"]
    told = "error (ZeroDivisionError: division by zero); its output and traceback: "
    host.wait_for_log(f"training {run} of flowers: {told}")
    folder = Path(host.log().partition(told)[2].partition("\n")[0])
    assert any("Traceback" in file.read_text() for file in folder.iterdir())


def test_another_name_of_the_model(host: Host) -> None:
    told = "no model named 'api' is served here; served here: flowers"
    answer = post(host, "a=1", path="/v2/models/api/predict/")
    assert (answer.status, answer.json()["message"]) == (404, told)
    assert host.get("/v2/models/flower/").json()["message"].endswith("Did you mean flowers?")


def test_a_missing_slash_a_wrong_method_and_a_wrong_path(host: Host) -> None:
    answer = post(host, "a=1", path=PREDICT.rstrip("/"))
    assert (answer.status, answer.headers["location"]) == (308, PREDICT)
    assert f"send the request to {PREDICT}" in answer.json()["message"]
    answer = host.get(PREDICT)
    assert (answer.status, answer.json()["message"]) == (405, "GET is not possible here: use POST")
    answer = host.get("/v3/models/")
    assert answer.status == 404
    assert answer.json()["message"] == "nothing is served at this path: see / for what is"


def test_json_without_its_header(host: Host) -> None:
    answer = post(host, '{"a": 1}')
    assert answer.status == 422
    assert "Content-Type: application/json" in answer.json()["form"][0]


def test_json_that_is_cut_short(host: Host) -> None:
    answer = post(host, '{"a": 1,', "json")
    assert (answer.status, answer.json()) == (400, {"json": ["Invalid JSON body."]})
    assert "line 1 column 9" in answer.headers["x-deepaas-notice"]


def test_a_file_that_is_missing_in_predict(host: Host) -> None:
    assert post(host, "a=13").status == 500
    host.wait_for_log("-> relative paths begin in ")
