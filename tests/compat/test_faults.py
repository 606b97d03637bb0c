"""DEEPaaS 2.6.0's faults, one test each: our host does not have them.

The numbers are those of the list that was measured on DEEPaaS 2.6.0. That it has those about
trainings that end in an answer, 11 and 13 to 16, `test_trainings.py` shows as well.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from .hosts import Host, Serve, wait_until, wait_until_ended
from .wire import Answer, Body, Part, form_body, json_body, multipart_body, receive, send

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
    assert told["status"] in (states or ("running",)), told
    return told


def begun(host: Host, model: str, *states: str, **request: Any) -> str:
    """Begins a training, and answers where it can be seen."""
    answer = host.train(model, **request)
    return f"/v2/models/{model}/train/{training(answer, *states)['uuid']}"


def waiting(host: Host, act: str = "wait") -> str:
    """Begins a training that runs until the file `text.go` lets it end."""
    target = begun(host, "acts", query={"act": act, "text": "text"})
    wait_until((host.folder / "work" / "text.begun").exists, TRAIN_SECONDS, "the training's begin")
    return target


# Hangs, crashes and leaks


def test_fault_01_http_exceptions_of_models(serve: Serve, subtests: pytest.Subtests) -> None:
    host = serve("raises")
    for act, status, message in [
        ("HTTPBadRequest", 400, "no such weights"),
        ("HTTPNotFound", 404, "no such image"),
        ("HTTPServiceUnavailable", 503, "no GPU"),
        ("HTTPException", 500, ""),
        ("TwoArguments", 500, ""),
    ]:
        with subtests.test(act):
            answer = host.predict("raises", {"act": act})
            assert answer.status == status
            assert message in error_of(answer)
            assert prediction(host.predict("raises")) == "calm"


@pytest.mark.parametrize("act", ["sys.exit", "os._exit", "KeyboardInterrupt", "abort", "killed"])
def test_fault_02_models_that_end_their_process(serve: Serve, act: str) -> None:
    host = serve("raises")
    answer = host.predict("raises", {"act": act})
    assert answer.status == 500
    error_of(answer)
    assert prediction(host.predict("raises")) == "calm"


def test_faults_03_04_trainings_that_end_their_process(
    serve: Serve, subtests: pytest.Subtests
) -> None:
    host = serve("acts")
    for act, said in [
        ("HTTPBadRequest", "no such weights"),
        ("HTTPException", ""),
        ("TwoArguments", "one and two"),
        ("os._exit", "exit code 0"),
        ("KeyboardInterrupt", "KeyboardInterrupt"),
        ("abort", "SIGABRT"),
        ("killed", "SIGKILL"),
    ]:
        with subtests.test(act):
            target = begun(host, "acts", query={"act": act})
            failed = wait_until_ended(host, target)
            assert failed["status"] == "error"
            assert said in failed["message"]
            assert training(host.ask("DELETE", target), "error") == failed
            assert prediction(host.predict("acts")) == "here"
    with subtests.test("sys.exit(0), as scripts end"):
        target = begun(host, "acts", query={"act": "sys.exit"})
        assert wait_until_ended(host, target)["status"] == "done"


def ends_with_zero(host: Host) -> None:
    wait_until(lambda: not host.family(), GONE_SECONDS, "the end of the host and its workers")
    assert host.process.wait() == 0


def test_fault_05_sigterm_to_the_host_and_its_workers(serve: Serve) -> None:
    host = serve("raises", options=("--workers", "2"))
    host.predict("raises")
    for process in host.family():
        os.kill(process.pid, signal.SIGTERM)
    ends_with_zero(host)


@pytest.mark.parametrize("act", ["HTTPBadRequest", "os._exit"])
def test_fault_05_sigterm_after_a_failed_call(serve: Serve, act: str) -> None:
    host = serve("raises")
    host.predict("raises", {"act": act})
    host.process.send_signal(signal.SIGTERM)
    ends_with_zero(host)


@pytest.mark.parametrize(
    ("late", "early"),
    [
        (json_body({"first": "late"}), form_body(("first", "early"), ("second", "early"))),
        (form_body(("first", "late")), json_body({"first": "early", "second": "early"})),
    ],
    ids=["JSON late", "form late"],
)
def test_fault_06_arguments_of_another_client(serve: Serve, late: Body, early: Body) -> None:
    host = serve("pair")
    slow_client = send(
        host.port,
        [
            "POST /v2/models/pair/predict/ HTTP/1.1",
            f"Content-Type: {late.content_type}",
            f"Content-Length: {len(late.content)}",
            "Expect: 100-continue",
        ],
    )
    # The host asks for the body: it is at work on this request.
    assert slow_client.recv(1000).startswith(b"HTTP/1.1 100")
    assert prediction(host.predict("pair", body=early)) == ["early", "early"]
    slow_client.sendall(late.content)
    assert prediction(receive(slow_client)) == ["late", None]


def test_fault_07_uploads_stay(serve: Serve) -> None:
    host = serve("uploads")
    before = host.temporary_files()
    image = multipart_body(Part("image", b"\x89PNG" * 100_000, "a.png", "image/png"))
    assert prediction(host.predict("uploads", body=image))["image"]["content"]
    wait_until(lambda: host.temporary_files() == before, GONE_SECONDS, "the upload's removal")
    host.process.send_signal(signal.SIGTERM)
    ends_with_zero(host)
    assert list((host.folder / "tmp").iterdir()) == []


def test_fault_08_everybody_waits_for_a_client_that_left(serve: Serve, tmp_path: Path) -> None:
    host = serve("slow")
    begun = tmp_path / "begun"
    body = json_body({"seconds": 60, "begun": str(begun)})
    client = send(
        host.port,
        [
            "POST /v2/models/slow/predict/ HTTP/1.1",
            f"Content-Type: {body.content_type}",
            f"Content-Length: {len(body.content)}",
        ],
        body.content,
    )
    wait_until(begun.exists, GONE_SECONDS, "the slow call's begin")
    client.close()
    assert prediction(host.predict("slow", timeout_seconds=15)) == "done"


def test_fault_09_predictions_wait_for_a_training(serve: Serve) -> None:
    host = serve("acts", options=("--workers", "1"))
    target = waiting(host)
    assert prediction(host.predict("acts")) == "here"
    training(host.get(target), "running")


def refusal(host: Host) -> str:
    """What a host says that does not start; and it says so by its exit code."""
    assert host.process.wait(timeout=20) > 0
    assert "Traceback" not in host.log
    return host.log


def test_fault_10_no_workers(launch: Serve) -> None:
    assert "workers" in refusal(launch("pair", options=("--workers", "0")))


# Wrong status


def test_fault_11_delete_of_a_running_training(serve: Serve) -> None:
    host = serve("acts")
    target = waiting(host, "fork")
    worker = int((host.folder / "work" / "text.begun").read_text())
    children = (host.folder / "work" / "text.children").read_text().split()
    processes = {worker, *map(int, children)}
    assert processes <= {process.pid for process in host.family()}
    cancelled = training(host.ask("DELETE", target), "cancelled")
    assert not processes & {process.pid for process in host.family()}
    assert "result" not in cancelled
    assert training(host.get(target), "cancelled") == cancelled
    assert prediction(host.predict("acts")) == "here"


def test_fault_12_delete_of_a_training_that_waits(serve: Serve) -> None:
    host = serve("acts")
    running = waiting(host)
    queued = begun(host, "acts", "queued")
    training(host.ask("DELETE", queued), "cancelled")
    training(host.get(running), "running")
    (host.folder / "work" / "text.go").touch()
    assert wait_until_ended(host, running)["status"] == "done"
    assert "start_date" not in training(host.get(queued), "cancelled")


def test_fault_13_delete_of_a_failed_training(serve: Serve) -> None:
    host = serve("acts")
    target = begun(host, "acts", query={"act": "fail", "text": "out of data"})
    failed = wait_until_ended(host, target)
    assert training(host.ask("DELETE", target), "error") == failed
    assert failed["message"] == "ValueError: out of data"


def test_fault_14_result_that_is_no_json(serve: Serve, subtests: pytest.Subtests) -> None:
    host = serve("acts")
    for act, output in [
        ("set", [1, 2]),
        ("date", "2020-01-02"),
        ("data class", {"x": 1, "y": 2}),
        ("nan", [None, None]),
        ("object", "<class 'object'>"),
    ]:
        with subtests.test(act):
            target = begun(host, "acts", query={"act": act})
            assert wait_until_ended(host, target)["result"]["output"] == output
    answer = host.get("/v2/models/acts/train/")
    assert answer.status == 200
    assert {each["status"] for each in answer.json()} == {"done"}


def test_fault_15_argument_that_is_no_json(serve: Serve) -> None:
    host = serve("takes_types")
    given = {
        "date": "2020-01-02",
        "datetime": "2020-01-02T03:04:05",
        "time": "03:04:05",
        "uuid": "d3ac2f36-1c42-4b0c-9f44-0c9a1e3ab1f5",
    }
    target = begun(host, "takes_types", query={**given, "decimal": "1.5", "delta": "90"})
    done = wait_until_ended(host, target)
    assert done["status"] == "done"
    assert given.items() <= done["args"].items()
    assert done["result"]["output"]["decimal"] == "Decimal 1.50"
    assert host.get("/v2/models/takes_types/train/").json() == [done]


def test_fault_16_training_with_a_file(serve: Serve) -> None:
    host = serve("takes_files")
    content = b"PNG." * 100_000
    image = Part("image", content, "photo.png", "image/png")
    before = host.temporary_files()
    target = begun(host, "takes_files", body=multipart_body(image))
    done = wait_until_ended(host, target)
    assert done["args"]["image"] == ["image", "image/png", "photo.png"]
    given = done["result"]["output"]["image"]
    assert given["original_filename"] == "photo.png"
    assert given["content"] == content.decode()
    wait_until(lambda: host.temporary_files() == before, GONE_SECONDS, "the upload's removal")


def test_fault_17_list_of_files(serve: Serve) -> None:
    host = serve("uploads")
    body = multipart_body(Part("images", b"1", "1.png"), Part("images", b"2", "2.png"))
    images = prediction(host.predict("uploads", body=body))["images"]
    assert [image["original_filename"] for image in images] == ["1.png", "2.png"]
    assert [image["content"] for image in images] == ["1", "2"]


def test_fault_18_not_implemented(serve: Serve) -> None:
    answer = serve("raises").predict("raises", {"act": "NotImplementedError"})
    assert answer.status == 501
    error_of(answer)


def test_fault_19_text_instead_of_a_file(serve: Serve) -> None:
    host = serve("uploads")
    for body in (multipart_body(Part("image", "text")), form_body(("image", "text"))):
        answer = host.predict("uploads", body=body)
        assert answer.status == 422
        assert list(answer.json()) == ["image"]


def test_fault_20_empty_file_field_of_a_browser(serve: Serve) -> None:
    body = multipart_body(Part("image", b"", "", "application/octet-stream"), Part("label", "a"))
    given = prediction(serve("uploads").predict("uploads", body=body))
    assert given == {"image": "NoneType None", "label": "str a", "count": "int 0"}


def test_fault_21_text_part_of_type_json(serve: Serve) -> None:
    body = multipart_body(Part("label", '"a"', content_type="application/json"))
    assert prediction(serve("uploads").predict("uploads", body=body))["label"] == 'str "a"'


def refused_as_malformed(host: Host, *requests: tuple[Body, dict[str, str]]) -> None:
    for body, headers in requests:
        answer = host.predict("uploads", body=body, headers=headers.items())
        assert answer.status == 400, (body.content_type, body.content[:50], answer)
        assert answer.media_type == "application/json"


def test_fault_22_malformed_multipart(serve: Serve) -> None:
    multipart = multipart_body().content_type
    refused_as_malformed(
        serve("uploads"),
        (Body(b"--x\r\n", "multipart/form-data"), {}),
        (Body(b"nothing of the kind", multipart), {}),
        (Body(b"", multipart), {}),
    )


def test_fault_23_malformed_json(serve: Serve) -> None:
    refused_as_malformed(
        serve("uploads"),
        (Body(b'{"label": "a"}', "application/json; charset=klingon"), {}),
        (Body(b"not compressed", "application/json"), {"Content-Encoding": "gzip"}),
        (Body(b'{"count": ' + b"9" * 5000 + b"}", "application/json"), {}),
        (
            Body(b'{"anything": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "application/json"),
            {},
        ),
    )


def test_fault_24_real_accept_headers(serve: Serve, subtests: pytest.Subtests) -> None:
    host = serve("media")
    for header, media_type in [
        ("text/html,*/*;q=0.8", "application/json"),
        ("application/json, text/plain", "application/json"),
        ("text/plain;q=0.5, image/png", "image/png"),
        ("application/json; charset=utf-8", "application/json"),
        ("application/*", "application/json"),
        ("image/*", "image/png"),
        ("TEXT/PLAIN", "text/plain"),
        ("text/html, text/plain;q=0.1", "text/plain"),
    ]:
        with subtests.test(header):
            answer = host.predict("media", headers=[("Accept", header)])
            assert (answer.status, answer.media_type) == (200, media_type)


def test_fault_25_nan(serve: Serve) -> None:
    assert prediction(serve("not_a_number").predict("not_a_number")) == {
        "nan": None,
        "all": [1.5, None, None],
        "text": "NaN, Infinity",
    }


def test_fault_26_metadata_that_fails(serve: Serve) -> None:
    host = serve("bad_metadata", "pair")
    answer = host.get("/v2/models/")
    assert answer.status == 200
    bad, good = sorted(answer.json()["models"], key=lambda model: model["links"][0]["href"])
    assert bad["links"][0]["href"] == "/v2/models/bad_metadata"
    assert "the catalogue is offline" in bad["error"]
    assert "error" not in good
    assert prediction(host.predict("bad_metadata")) == "still here"


def test_fault_27_user_interface_that_is_disabled(serve: Serve) -> None:
    answer = serve("pair", options=("--nodoc-endpoint",)).get("/ui")
    assert answer.status == 404
    error_of(answer)


def test_fault_28_head(serve: Serve, subtests: pytest.Subtests) -> None:
    host = serve("pair")
    for target in ("/", "/v2/", "/v2/models/", "/v2/models/pair/", "/swagger.json", "/api"):
        with subtests.test(target):
            got, head = host.get(target), host.ask("HEAD", target)
            assert head.status == 200
            assert head.content == b""
            assert head.content_type == got.content_type


@pytest.mark.parametrize("base_path", ["", "/b"])
def test_fault_29_slash_at_the_end(serve: Serve, base_path: str) -> None:
    host = serve("pair", base_path=base_path)
    for path, end in [("/", "/"), ("/api/", "/api"), ("/ui/", "/api")]:
        target = base_path + path
        answer = host.get(target)
        while 300 <= answer.status < 400:
            target = answer.headers["location"]
            answer = host.get(target)
        assert answer.status == 200
        assert target == base_path + end


def test_fault_30_disabled_endpoints(serve: Serve) -> None:
    host = serve("pair", options=("--nopredict-endpoint", "--notrain-endpoint"))
    for method, path in [("POST", "predict/"), ("POST", "train/"), ("GET", "train/")]:
        answer = host.ask(method, f"/v2/models/pair/{path}")
        assert answer.status == 403
        error_of(answer)


# Starting and telling


def test_fault_31_class_with_ordinary_methods(serve: Serve) -> None:
    host = serve("ordinary", "derived")
    assert [prediction(host.predict("ordinary", {"step": 2})) for _ in range(2)] == [2, 4]
    assert prediction(host.predict("derived")) == "loaded"


def test_fault_32_validators_of_accept(serve: Serve, subtests: pytest.Subtests) -> None:
    models = ("accept_tuple", "accept_in_list", "accept_unchecked")
    host = serve(*models)
    for model in models:
        with subtests.test(model):
            answer = host.predict(model, headers=[("Accept", "text/plain")])
            assert (answer.status, answer.media_type) == (200, "text/plain")
            assert answer.content == b"text/plain"


def test_fault_33_schema_that_is_no_schema(launch: Serve) -> None:
    host = launch("bad_schema")
    assert host.process.wait(timeout=20) > 0
    assert "bad_schema" in host.log
    assert "schema" in host.log.replace("bad_schema", "")
    assert "deepaas-test" not in host.log


@pytest.mark.parametrize("option", ["--listen-port=99999", "--client-max-size=-1"])
def test_fault_34_options_out_of_range(launch: Serve, option: str) -> None:
    name = option.removeprefix("--").partition("=")[0]
    said = refusal(launch("pair", options=(option,)))
    assert name in said or name.replace("-", "_") in said


def test_fault_35_tracebacks_in_answers(serve: Serve) -> None:
    answer = serve("raises", options=("--debug",)).predict("raises", {"act": "ValueError"})
    assert answer.status == 500
    error_of(answer)
    assert b"Traceback" not in answer.content
    assert b".py" not in answer.content


def test_fault_36_debug_endpoint(serve: Serve) -> None:
    host = serve("chatty", options=("--debug-endpoint",))
    assert prediction(host.predict("chatty")) == "said"

    def shown() -> bool:
        answer = host.get("/v2/debug/")
        assert (answer.status, answer.media_type) == (200, "text/plain")
        return all(
            words in answer.content
            for words in (b"a word from the model", b"a warning from the model")
        )

    wait_until(shown, GONE_SECONDS, "what the model prints")


def test_fault_37_path_as_file_name(serve: Serve, subtests: pytest.Subtests) -> None:
    host = serve("uploads")
    for filename, safe in [
        ("../../etc/cron.d/x", "x"),
        ("/etc/passwd", "passwd"),
        (r"..\\..\\windows\\y.png", "y.png"),
        ("plain name.png", "plain name.png"),
        ("..", None),
        ("/", None),
    ]:
        with subtests.test(filename):
            body = multipart_body(Part("image", b"x", filename, "image/png"))
            image = prediction(host.predict("uploads", body=body))["image"]
            assert image["content"] == "x"
            name = image["original_filename"]
            assert name == (safe or name)
            assert not set(name) & set("/\\\0")
            assert name not in {"", ".", ".."}


def test_fault_38_secrets_and_cookies_in_the_document(serve: Serve) -> None:
    host = serve("secrets")
    answer = host.get("/swagger.json")
    assert b"hunter2" not in answer.content
    operation = answer.json()["paths"]["/v2/models/secrets/predict/"]["post"]
    places = {parameter["in"] for parameter in operation["parameters"]}
    assert places <= {"query", "header", "path", "formData", "body"}
    # They work all the same.
    with_cookie = host.predict("secrets", headers=[("Cookie", "session=abc")])
    assert prediction(with_cookie) == {"session": "str abc", "secret": len("hunter2")}


def test_fault_38_trainings_in_the_document(serve: Serve) -> None:
    host = serve("takes_secrets")
    answer = host.get("/swagger.json")
    assert b"hunter2" not in answer.content
    document = answer.json()
    one = {"$ref": "#/definitions/Training"}
    folder = "/v2/models/takes_secrets/train/"
    for method, path, schema in [
        ("post", folder, one),
        ("get", folder, {"type": "array", "items": one}),
        ("get", folder + "{uuid}", one),
        ("delete", folder + "{uuid}", one),
    ]:
        assert document["paths"][path][method]["responses"]["200"]["schema"] == schema
    described = document["definitions"]["Training"]["properties"]
    done = wait_until_ended(host, begun(host, "takes_secrets"))
    assert done["status"] in described["status"]["enum"]
    assert done.keys() <= described.keys()
    assert done["args"] == {"password": "********"}


def test_fault_39_name_of_the_temporary_file(serve: Serve) -> None:
    answer = serve("media").predict("media", headers=[("Accept", "image/png")])
    assert (answer.status, answer.content) == (200, b"\x89PNG")
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith("attachment")
    assert "telling-name" not in disposition
