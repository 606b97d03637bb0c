"""DEEPaaS 2.6.0's faults 11 to 30, one test each: answers with a wrong status.

The numbers are those of the list that was measured on DEEPaaS 2.6.0. That it has those about
trainings that end in an answer, 11 and 13 to 16, `test_trainings.py` shows as well.
"""

from __future__ import annotations

import pytest
from support.waiting import wait_until

from .answers import GONE_SECONDS, begun, error_of, prediction, training, waiting
from .hosts import Host, Serve, wait_until_ended
from .wire import Body, Part, form_body, multipart_body

pytestmark = pytest.mark.xdist_group("faults")


def test_fault_11_delete_of_a_running_training(host: Host) -> None:
    target = waiting(host, "parent", "fork")
    worker = int((host.folder / "work" / "parent.begun").read_text())
    children = (host.folder / "work" / "parent.children").read_text().split()
    processes = {worker, *map(int, children)}
    assert processes <= {process.pid for process in host.family()}
    cancelled = training(host.ask("DELETE", target), "cancelled")
    assert not processes & {process.pid for process in host.family()}
    assert "result" not in cancelled
    assert training(host.get(target), "cancelled") == cancelled
    assert prediction(host.predict("acts")) == "here"


def test_fault_12_delete_of_a_training_that_waits(host: Host) -> None:
    running = waiting(host, "before")
    queued = begun(host, "acts", "queued")
    training(host.ask("DELETE", queued), "cancelled")
    training(host.get(running), "running")
    (host.folder / "work" / "before.go").touch()
    assert wait_until_ended(host, running)["status"] == "done"
    assert "start_date" not in training(host.get(queued), "cancelled")


def test_fault_13_delete_of_a_failed_training(host: Host) -> None:
    target = begun(host, "acts", query={"act": "fail", "text": "out of data"})
    failed = wait_until_ended(host, target)
    assert training(host.ask("DELETE", target), "error") == failed
    assert failed["message"] == "ValueError: out of data"


def test_fault_14_result_that_is_no_json(host: Host, subtests: pytest.Subtests) -> None:
    targets = []
    for act, output in [
        ("set", [1, 2]),
        ("date", "2020-01-02"),
        ("data class", {"x": 1, "y": 2}),
        ("nan", [None, None]),
        ("object", "<class 'object'>"),
    ]:
        with subtests.test(act):
            target = begun(host, "acts", query={"act": act})
            targets.append(target.rpartition("/")[2])
            assert wait_until_ended(host, target)["result"]["output"] == output
    answer = host.get("/v2/models/acts/train/")
    assert answer.status == 200
    listed = {each["uuid"]: each["status"] for each in answer.json()}
    assert {listed[uuid] for uuid in targets} == {"done"}


def test_fault_15_argument_that_is_no_json(host: Host) -> None:
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


def test_fault_16_training_with_a_file(host: Host) -> None:
    content = b"PNG." * 100_000
    image = Part("image", content, "photo.png", "image/png")
    before = {*host.temporary_files()}
    target = begun(host, "takes_files", body=multipart_body(image))
    done = wait_until_ended(host, target)
    assert done["args"]["image"] == ["image", "image/png", "photo.png"]
    given = done["result"]["output"]["image"]
    assert given["original_filename"] == "photo.png"
    assert given["content"] == content.decode()
    wait_until(lambda: before >= {*host.temporary_files()}, "the upload's removal", GONE_SECONDS)


def test_fault_17_list_of_files(host: Host) -> None:
    body = multipart_body(Part("images", b"1", "1.png"), Part("images", b"2", "2.png"))
    images = prediction(host.predict("uploads", body=body))["images"]
    assert [image["original_filename"] for image in images] == ["1.png", "2.png"]
    assert [image["content"] for image in images] == ["1", "2"]


def test_fault_18_not_implemented(host: Host) -> None:
    answer = host.predict("raises", {"act": "NotImplementedError"})
    assert answer.status == 501
    error_of(answer)


def test_fault_19_text_instead_of_a_file(host: Host) -> None:
    for body in (multipart_body(Part("image", "text")), form_body(("image", "text"))):
        answer = host.predict("uploads", body=body)
        assert answer.status == 422
        assert list(answer.json()) == ["image"]


def test_fault_20_empty_file_field_of_a_browser(host: Host) -> None:
    body = multipart_body(Part("image", b"", "", "application/octet-stream"), Part("label", "a"))
    given = prediction(host.predict("uploads", body=body))
    assert given == {"image": "NoneType None", "label": "str a", "count": "int 0"}


def test_fault_21_text_part_of_type_json(host: Host) -> None:
    body = multipart_body(Part("label", '"a"', content_type="application/json"))
    assert prediction(host.predict("uploads", body=body))["label"] == 'str "a"'


def refused_as_malformed(host: Host, *requests: tuple[Body, dict[str, str]]) -> None:
    for body, headers in requests:
        answer = host.predict("uploads", body=body, headers=headers.items())
        assert answer.status == 400, (body.content_type, body.content[:50], answer)
        assert answer.media_type == "application/json"


def test_fault_22_malformed_multipart(host: Host) -> None:
    multipart = multipart_body().content_type
    refused_as_malformed(
        host,
        (Body(b"--x\r\n", "multipart/form-data"), {}),
        (Body(b"nothing of the kind", multipart), {}),
        (Body(b"", multipart), {}),
    )


def test_fault_23_malformed_json(host: Host) -> None:
    refused_as_malformed(
        host,
        (Body(b'{"label": "a"}', "application/json; charset=klingon"), {}),
        (Body(b"not compressed", "application/json"), {"Content-Encoding": "gzip"}),
        (Body(b'{"count": ' + b"9" * 5000 + b"}", "application/json"), {}),
        (
            Body(b'{"anything": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "application/json"),
            {},
        ),
    )


def test_fault_24_real_accept_headers(host: Host, subtests: pytest.Subtests) -> None:
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


def test_fault_25_nan(host: Host) -> None:
    assert prediction(host.predict("not_a_number")) == {
        "nan": None,
        "all": [1.5, None, None],
        "text": "NaN, Infinity",
    }


def test_fault_26_metadata_that_fails(host: Host) -> None:
    answer = host.get("/v2/models/")
    assert answer.status == 200
    listed = {model["links"][0]["href"]: model for model in answer.json()["models"]}
    bad = listed.pop("/v2/models/bad_metadata")
    assert "the catalogue is offline" in bad["error"]
    assert "/v2/models/pair" in listed
    assert [model for model in listed.values() if "error" in model] == []
    assert prediction(host.predict("bad_metadata")) == "still here"


def test_fault_28_head(host: Host, subtests: pytest.Subtests) -> None:
    for target in ("/", "/v2/", "/v2/models/", "/v2/models/pair/", "/swagger.json", "/api"):
        with subtests.test(target):
            got, head = host.get(target), host.ask("HEAD", target)
            assert head.status == 200
            assert head.content == b""
            assert head.content_type == got.content_type


def ends_at(host: Host, target: str, end: str) -> None:
    """Whoever follows redirects from there gets a page, and where."""
    answer = host.get(target)
    while 300 <= answer.status < 400:
        target = answer.headers["location"]
        answer = host.get(target)
    assert answer.status == 200
    assert target == end


SLASHES = [("/", "/"), ("/api/", "/api"), ("/ui/", "/api")]


def test_fault_29_slash_at_the_end(host: Host) -> None:
    for path, end in SLASHES:
        ends_at(host, path, end)


def test_faults_29_35_slash_below_a_base_path_and_tracebacks(serve: Serve) -> None:
    host = serve("raises", base_path="/b", options=("--debug", "--no-ui"))
    for path, end in SLASHES:
        ends_at(host, "/b" + path, "/b" + end)
    answer = host.ask("POST", "/b/v2/models/raises/predict/?act=ValueError")
    assert answer.status == 500
    error_of(answer)
    assert b"Traceback" not in answer.content
    assert b".py" not in answer.content


def test_faults_27_30_what_is_disabled(serve: Serve) -> None:
    disabled = ("--nodoc-endpoint", "--nopredict-endpoint", "--notrain-endpoint", "--no-ui")
    host = serve("pair", options=disabled)
    answer = host.get("/ui")
    assert answer.status == 404
    error_of(answer)
    for method, path in [("POST", "predict/"), ("POST", "train/"), ("GET", "train/")]:
        answer = host.ask(method, f"/v2/models/pair/{path}")
        assert answer.status == 403
        error_of(answer)
