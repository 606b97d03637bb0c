"""DEEPaaS 2.6.0's faults 1 to 10, one test each: hangs, crashes and leaks.

The numbers are those of the list that was measured on DEEPaaS 2.6.0.
"""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from support.processes import send_to_all
from support.waiting import wait_until

from .answers import GONE_SECONDS, begun, error_of, prediction, refusal, training, waiting
from .hosts import Host, Serve, wait_until_ended
from .wire import Body, Part, form_body, json_body, multipart_body, receive, send

pytestmark = pytest.mark.xdist_group("faults")


def test_fault_01_http_exceptions_of_models(host: Host, subtests: pytest.Subtests) -> None:
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
def test_fault_02_models_that_end_their_process(host: Host, act: str) -> None:
    answer = host.predict("raises", {"act": act})
    assert answer.status == 500
    error_of(answer)
    assert prediction(host.predict("raises")) == "calm"


def test_faults_03_04_trainings_that_end_their_process(
    host: Host, subtests: pytest.Subtests
) -> None:
    for act, said in [
        ("HTTPBadRequest", "no such weights"),
        ("HTTPException", ""),
        ("TwoArguments", "one and two"),
        ("os._exit", "exited with code 0"),
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
    wait_until(lambda: not host.family(), "the end of the host and its workers", GONE_SECONDS)
    assert host.process.wait() == 0


def test_fault_05_sigterm_to_the_host_and_its_workers(serve: Serve) -> None:
    host = serve("raises", options=("--workers", "2"))
    host.predict("raises")
    send_to_all(host.family(), signal.SIGTERM)
    ends_with_zero(host)


def test_faults_05_07_sigterm_after_failed_calls_and_an_upload(serve: Serve) -> None:
    host = serve("raises", "uploads")
    before = host.temporary_files()
    image = multipart_body(Part("image", b"\x89PNG" * 100_000, "a.png", "image/png"))
    assert prediction(host.predict("uploads", body=image))["image"]["content"]
    wait_until(lambda: host.temporary_files() == before, "the upload's removal", GONE_SECONDS)
    assert host.predict("raises", {"act": "HTTPBadRequest"}).status == 400
    # Last, so that SIGTERM comes while the process has gone.
    assert host.predict("raises", {"act": "os._exit"}).status == 500
    host.process.send_signal(signal.SIGTERM)
    ends_with_zero(host)
    assert list((host.folder / "tmp").iterdir()) == []


def test_fault_05_sigterm_after_a_failed_call(serve: Serve) -> None:
    host = serve("raises")
    assert host.predict("raises", {"act": "HTTPBadRequest"}).status == 400
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
def test_fault_06_arguments_of_another_client(host: Host, late: Body, early: Body) -> None:
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


def test_fault_08_everybody_waits_for_a_client_that_left(host: Host, tmp_path: Path) -> None:
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
    wait_until(begun.exists, "the slow call's begin", GONE_SECONDS)
    client.close()
    assert prediction(host.predict("slow", timeout_seconds=15)) == "done"


def test_fault_09_predictions_wait_for_a_training(host: Host) -> None:
    target = waiting(host, "alone")
    assert prediction(host.predict("acts")) == "here"
    training(host.get(target), "running")


def test_fault_10_no_workers(launch: Serve) -> None:
    assert "workers" in refusal(launch("pair", options=("--workers", "0")))
