"""Uploads and results of every size: complete, and past the host's memory."""

import pytest
from support.client import Upload
from support.content import MB, sha256
from support.host import start_host
from support.shape import assert_failure
from support.waiting import wait_until

SIZES = [0, 1, 5 * MB, pytest.param(500 * MB, marks=pytest.mark.slow)]
NOTHING = sha256(0)


@pytest.mark.parametrize("size", SIZES)
def test_uploads(size: int) -> None:
    with start_host(["echo"]) as host:
        answer = host.predict("echo", upload=Upload(size, filename="seven.png"))
        assert answer.status == 200, answer.body
        assert answer.json()["predictions"] == {
            "size": size,
            "sha256": sha256(size),
            "name": "seven.png",
        }
        wait_until(lambda: not host.temporary_files(), "the upload is gone")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ["bytes", "file"])
def test_results(size: int, kind: str) -> None:
    with start_host(["large"]) as host:
        answer = host.predict(
            "large", size_bytes=size, kind=kind, accept="application/octet-stream"
        )
        assert answer.status == 200, answer.body[:200]
        assert answer.headers["content-type"] == "application/octet-stream"
        assert (answer.size, answer.sha256) == (size, sha256(size))
        wait_until(lambda: not host.temporary_files(), "the result is gone")


@pytest.mark.parametrize("kind", ["named", "memory"])
def test_other_open_files(kind: str) -> None:
    with start_host(["large"]) as host:
        answer = host.predict(
            "large", size_bytes=5 * MB, kind=kind, accept="application/octet-stream"
        )
        assert (answer.status, answer.size) == (200, 5 * MB)
        assert answer.sha256 == sha256(5 * MB)


@pytest.mark.slow
def test_a_gigabyte_of_bytes() -> None:
    with start_host(["large"]) as host:
        answer = host.predict(
            "large", size_bytes=1000 * MB, kind="zeros", accept="application/octet-stream"
        )
        assert (answer.status, answer.size) == (200, 1000 * MB)
        assert host.predict("large", size_bytes=3, kind="json").status == 200


@pytest.mark.slow
def test_200_megabytes_of_json() -> None:
    with start_host(["large"]) as host:
        answer = host.predict("large", size_bytes=200 * MB, kind="json")
        assert answer.status == 200
        assert answer.size > 200 * MB
        assert answer.body.startswith(b"{")


def test_many_uploads_leave_nothing() -> None:
    with start_host(["echo"]) as host:
        calls = [host.begin("echo", upload=Upload(2 * MB)) for _ in range(20)]
        expected = sha256(2 * MB)
        assert {call.result().json()["predictions"]["sha256"] for call in calls} == {expected}
        wait_until(lambda: not host.temporary_files(), "the uploads are gone")


@pytest.mark.parametrize("treat", ["delete", "truncate", "folder"])
def test_a_model_that_treats_its_upload_badly(treat: str) -> None:
    with start_host(["echo"]) as host:
        for _ in range(2):
            answer = host.predict("echo", treat=treat, upload=Upload(5 * MB))
            assert answer.status == 200, answer.body
            assert answer.json()["predictions"]["sha256"] == sha256(5 * MB)
        assert "ERROR" not in host.log()


def test_an_upload_over_the_limit() -> None:
    with start_host(["echo"], "--client-max-size", str(MB)) as host:
        assert_failure(host.predict("echo", upload=Upload(5 * MB)), 413)
        assert host.predict("echo", upload=Upload(MB // 2)).status == 200
        wait_until(lambda: not host.temporary_files(), "the uploads are gone")


@pytest.mark.parametrize(
    "filename", ["../../../etc/passwd", "/etc/passwd", "a" * 5000, "..", "x\\y", "é ✓.png", "a%00b"]
)
def test_uploads_stay_in_their_folder(filename: str) -> None:
    with start_host(["echo"]) as host:
        host_answer = host.predict("echo", upload=Upload(10, filename=filename))
        assert host_answer.status == 200, host_answer.body
        name = host_answer.json()["predictions"]["name"]
        assert "/" not in name
        assert name not in ("..", ".")
