"""What a client can send must not fill the host, kill a worker or break a response."""

import json
from collections.abc import Iterator
from http.client import HTTPConnection

import pytest
from support.host import Host, start_host
from support.lasting import Since
from support.shape import assert_failure
from support.waiting import wait_until

pytestmark = pytest.mark.usefixtures("since")


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    """One for all of these tests, which leave it whole."""
    with start_host(["takes_much", "echo", "plain"]) as host:
        yield host


def test_one_replica_that_cannot_be_loaded_does_not_stop_the_others() -> None:
    with start_host(["fails_once"], "--workers", "2", wait=False) as host:
        wait_until(lambda: host.readiness("fails_once")["workers_ready_count"] >= 1, "one is ready")
        assert host.predict("fails_once").status == 200
        wait_until(lambda: host.readiness("fails_once")["workers_ready_count"] == 2, "both are")
        wait_until(lambda: host.watch.readiness[-1] == 200, "the host is ready")


def test_many_text_fields(host: Host) -> None:
    """More text than the host holds for any request, in fields that are small by themselves."""
    count, size = 600, 60_000
    part = b'--b\r\nContent-Disposition: form-data; name="texts"\r\n\r\n' + b"x" * size + b"\r\n"
    status, body = _post(host, part * count + b"--b--\r\n", "multipart/form-data; boundary=b")
    assert status == 200
    assert json.loads(body)["predictions"] == str(count * size)


def test_many_messages(host: Host, since: Since) -> None:
    body = json.dumps({"numbers": [None] * 200_000}).encode()
    status, answer = _post(host, body, "application/json")
    assert status == 422
    assert 1 <= len(json.loads(answer)["numbers"]) <= 1000
    assert since.restarts_count("takes_much") == 0


def test_a_media_type_that_would_break_the_response(host: Host) -> None:
    assert_failure(host.predict("takes_much", accept="text/plain\nX-Mine: 1"), 500)
    assert host.predict("takes_much", accept="text/plain; charset=utf-8").status == 200


def test_a_file_name_with_a_long_ending(host: Host) -> None:
    name = "a." + 150 * "漢"
    head = f'Content-Disposition: form-data; name="data"; filename="{name}"'.encode()
    body = b"--b\r\n" + head + b"\r\n\r\nabc\r\n--b--\r\n"
    status, answer = _post(host, body, "multipart/form-data; boundary=b", "echo")
    assert status == 200
    assert json.loads(answer)["predictions"]["size"] == 3


def test_a_body_that_cannot_be_read_is_refused_at_once(host: Host) -> None:
    connection = HTTPConnection("127.0.0.1", host.port, timeout=20)
    connection.putrequest("POST", "/v2/models/plain/predict/")
    connection.putheader("Content-Type", "text/plain")
    connection.putheader("Content-Length", str(10**9))
    connection.endheaders(b"the first of many")
    assert connection.getresponse().status == 415
    connection.close()


def _post(host: Host, body: bytes, kind: str, model: str = "takes_much") -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", host.port, timeout=60)
    connection.request("POST", f"/v2/models/{model}/predict/", body, {"Content-Type": kind})
    response = connection.getresponse()
    answer = response.status, response.read()
    connection.close()
    return answer
