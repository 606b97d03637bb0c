"""Where the host keeps its files is told to nobody; the author's other words stay."""

import base64
import json
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from support.host import Host
from support.waiting import wait_until

from deepaas.masks import WITHOUT_NAME, Masks

pytestmark = pytest.mark.xdist_group("running")

BOUNDARY = "--the-boundary"


@pytest.fixture(scope="module")
def host(running: Host) -> Host:
    return running


def send(host: Host, path: str, body: bytes, content_type: str) -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", host.port, timeout=30)
    connection.request("POST", path, body, {"Content-Type": content_type})
    answer = connection.getresponse()
    told = answer.read().decode()
    connection.close()
    assert str(host.home) not in told, "a path of the host"
    return answer.status, told


def upload(host: Host, path: str, field: str = "data") -> tuple[int, Any]:
    body = (
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; "
        f'name="{field}"; filename="my cat.png"\r\n\r\nno image\r\n--{BOUNDARY}--\r\n'
    )
    content_type = f"multipart/form-data; boundary={BOUNDARY}"
    status, told = send(host, path, body.encode(), content_type)
    return status, json.loads(told)


def test_an_exception_names_the_upload_as_its_client_does(host: Host) -> None:
    status, told = upload(host, "/v2/models/tells_paths/predict/")
    assert status == 500
    assert told["message"] == "ValueError: cannot identify image file 'my cat.png'."
    # The operator sees where it was.
    host.wait_for_log(f"cannot identify image file '{host.tmp}")


def test_an_error_of_the_system(host: Host) -> None:
    status, told = upload(host, "/v2/models/tells_paths/predict/?how=oserror")
    assert status == 500
    assert "No such file or directory: 'missing.bin'" in told["message"]


def test_other_paths_are_the_authors_words(host: Host) -> None:
    _, told = upload(host, "/v2/models/tells_paths/predict/?how=folder")
    assert told["message"].endswith("nothing in /usr/share/data.bin")


@pytest.mark.parametrize("what", ["predict", "train"])
def test_messages_of_arguments(host: Host, what: str) -> None:
    status, told = upload(host, f"/v2/models/tells_paths/{what}/", "checked")
    assert (status, told) == (422, {"checked": ["cannot be read: my cat.png"]})


@pytest.mark.parametrize("how", ["raises", "directory"])
def test_message_progress_and_arguments_of_a_run(host: Host, how: str) -> None:
    status, told = upload(host, f"/v2/models/tells_paths/train/?how={how}")
    assert status == 200, told
    path = f"/v2/models/tells_paths/train/{told['uuid']}"
    shown = wait_until(
        lambda: (run := host.get(path).json())["status"] == "error" and run, "the run has ended"
    )
    text = host.get(path).body.decode() + host.get("/v2/models/tells_paths/train/").body.decode()
    assert str(host.home) not in text
    assert shown["progress"]["message"] == "writing best.pt"
    expected = {
        "raises": "ValueError: cannot identify image file 'my cat.png'.",
        "directory": "ValueError: no space in files: stopped",
    }[how]
    assert shown["message"] == expected


def test_error_and_logs_of_cog(host: Host) -> None:
    url = "data:image/png;base64," + base64.b64encode(b"no image").decode()
    body = json.dumps({"input": {"data": url}}).encode()
    _, told = send(host, "/cog/tells_paths/predictions", body, "application/json")
    prediction = json.loads(told)
    assert prediction["status"] == "failed", told
    assert "cannot identify image file 'file.png'." in prediction["error"]
    assert prediction["logs"].splitlines()[0] == "reading 1.png"


def test_readiness_and_status(host: Host) -> None:
    for path in ("/readyz", "/v2/models/", "/", "/cog/tells_paths/health-check"):
        assert str(host.home) not in host.get(path).body.decode(), path


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("'/t/host/uploads/1/1.png'", "'cat.png'"),
        ("/t/host/uploads/2/2.png, and more", "2.png, and more"),
        ("in /t/host.", f"in {WITHOUT_NAME}."),
        ("/t/host/", WITHOUT_NAME),
        ("/t/hostile/a /t/host-2/b", "/t/hostile/a /t/host-2/b"),
        ("(/t/host/a/b:12)", "(b:12)"),
        ("/elsewhere/t/host/a", "/elsewhere/t/host/a"),
    ],
)
def test_masks(text: str, masked: str) -> None:
    masks = Masks([Path("/t/host")])
    assert masks.text(text, {"/t/host/uploads/1/1.png": "cat.png"}) == masked


def test_a_long_text_is_masked_quickly() -> None:
    masks = Masks([Path("/t/host")])
    text = "/t/host/" + "a/" * 500_000 + " " + "/t/host" * 50_000
    began = time.thread_time()
    masks.text(text)
    assert time.thread_time() - began < 1
