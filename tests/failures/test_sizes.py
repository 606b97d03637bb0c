"""Uploads and results of every size: complete, and past the host's memory."""

from collections.abc import Iterator

import pytest
from support.client import Upload
from support.content import MB, sha256
from support.host import MAX_PEAK_MB, Host, start_host
from support.lasting import Since
from support.shape import assert_failure
from support.storm_size import Size

pytestmark = pytest.mark.usefixtures("since")

SIZES = [0, 1, 5 * MB]
LARGE_MB = 140
"""More than the host may take: whoever held it in memory would be found out."""
assert LARGE_MB > MAX_PEAK_MB


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    """One for all of these tests."""
    with start_host(["echo", "large"]) as host:
        yield host


def _send(host: Host, size: int) -> None:
    answer = host.predict("echo", upload=Upload(size, filename="seven.png"))
    assert answer.status == 200, answer.body
    assert answer.json()["predictions"] == {
        "size": size,
        "sha256": sha256(size),
        "name": "seven.png",
    }


def _receive(host: Host, size: int, kind: str) -> None:
    answer = host.predict("large", size_bytes=size, kind=kind, accept="application/octet-stream")
    assert answer.status == 200, answer.body[:200]
    assert answer.headers["content-type"] == "application/octet-stream"
    assert (answer.size, answer.sha256) == (size, sha256(size))


@pytest.mark.parametrize("bytes_count", SIZES)
def test_uploads(host: Host, bytes_count: int) -> None:
    _send(host, bytes_count)


@pytest.mark.slow
def test_a_large_upload(host: Host, size: Size) -> None:
    _send(host, size(LARGE_MB, 500) * MB)


@pytest.mark.parametrize("bytes_count", SIZES)
@pytest.mark.parametrize("kind", ["bytes", "file"])
def test_results(host: Host, bytes_count: int, kind: str) -> None:
    _receive(host, bytes_count, kind)


@pytest.mark.slow
def test_a_large_file_as_result(host: Host, size: Size) -> None:
    _receive(host, size(LARGE_MB, 500) * MB, "file")


@pytest.mark.parametrize("kind", ["named", "memory"])
def test_other_open_files(host: Host, kind: str) -> None:
    _receive(host, 5 * MB, kind)


@pytest.mark.slow
def test_a_gigabyte_of_bytes(host: Host, size: Size) -> None:
    _receive(host, size(LARGE_MB, 1000) * MB, "bytes")
    assert host.predict("large", size_bytes=3, kind="json").status == 200


@pytest.mark.slow
def test_200_megabytes_of_json(host: Host, size: Size) -> None:
    bytes_count = size(LARGE_MB, 200) * MB
    answer = host.predict("large", size_bytes=bytes_count, kind="json")
    assert answer.status == 200
    assert answer.size > bytes_count
    assert answer.body.startswith(b"{")


def test_many_uploads_leave_nothing(host: Host) -> None:
    calls = [host.begin("echo", upload=Upload(2 * MB)) for _ in range(20)]
    expected = sha256(2 * MB)
    assert {call.result().json()["predictions"]["sha256"] for call in calls} == {expected}


@pytest.mark.parametrize("treat", ["delete", "truncate", "folder"])
def test_a_model_that_treats_its_upload_badly(host: Host, since: Since, treat: str) -> None:
    for _ in range(2):
        answer = host.predict("echo", treat=treat, upload=Upload(5 * MB))
        assert answer.status == 200, answer.body
        assert answer.json()["predictions"]["sha256"] == sha256(5 * MB)
    assert "ERROR" not in since.log()


def test_an_upload_over_the_limit() -> None:
    with start_host(["echo"], "--client-max-size", str(MB)) as host:
        assert_failure(host.predict("echo", upload=Upload(5 * MB)), 413)
        assert host.predict("echo", upload=Upload(MB // 2)).status == 200


@pytest.mark.parametrize(
    "filename", ["../../../etc/passwd", "/etc/passwd", "a" * 5000, "..", "x\\y", "é ✓.png", "a%00b"]
)
def test_uploads_stay_in_their_folder(host: Host, filename: str) -> None:
    answer = host.predict("echo", upload=Upload(10, filename=filename))
    assert answer.status == 200, answer.body
    name = answer.json()["predictions"]["name"]
    assert "/" not in name
    assert name not in ("..", ".")
