"""DEEPaaS 2.6.0's faults 31 to 39, one test each: starting, and what is told to whom.

The numbers are those of the list that was measured on DEEPaaS 2.6.0.
"""

from __future__ import annotations

import pytest
from support.waiting import wait_until

from .answers import GONE_SECONDS, begun, prediction, refusal
from .hosts import Host, Serve, wait_until_ended
from .wire import Part, multipart_body

pytestmark = pytest.mark.xdist_group("faults")


def test_fault_31_class_with_ordinary_methods(host: Host) -> None:
    assert [prediction(host.predict("ordinary", {"step": 2})) for _ in range(2)] == [2, 4]
    assert prediction(host.predict("derived")) == "loaded"


def test_fault_32_validators_of_accept(host: Host, subtests: pytest.Subtests) -> None:
    models = ("accept_tuple", "accept_in_list", "accept_unchecked")
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


def test_fault_36_debug_endpoint(host: Host) -> None:
    assert prediction(host.predict("chatty")) == "said"

    def shown() -> bool:
        answer = host.get("/v2/debug/")
        assert (answer.status, answer.media_type) == (200, "text/plain")
        return all(
            words in answer.content
            for words in (b"a word from the model", b"a warning from the model")
        )

    wait_until(shown, "what the model prints", GONE_SECONDS)


def test_fault_37_path_as_file_name(host: Host, subtests: pytest.Subtests) -> None:
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


def test_fault_38_secrets_and_cookies_in_the_document(host: Host) -> None:
    answer = host.get("/swagger.json")
    assert b"hunter2" not in answer.content
    operation = answer.json()["paths"]["/v2/models/secrets/predict/"]["post"]
    places = {parameter["in"] for parameter in operation["parameters"]}
    assert places <= {"query", "header", "path", "formData", "body"}
    # They work all the same.
    with_cookie = host.predict("secrets", headers=[("Cookie", "session=abc")])
    assert prediction(with_cookie) == {"session": "str abc", "secret": len("hunter2")}


def test_fault_38_trainings_in_the_document(host: Host) -> None:
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


def test_fault_39_name_of_the_temporary_file(host: Host) -> None:
    answer = host.predict("media", headers=[("Accept", "image/png")])
    assert (answer.status, answer.content) == (200, b"\x89PNG")
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith("attachment")
    assert "telling-name" not in disposition
