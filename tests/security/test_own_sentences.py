"""Clients are told in the host's own words what is wrong, not in those of a library's exception."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.host import Host, start_host

from deepaas.errors import StoreUnavailable
from deepaas.fetching.fetcher import Fetcher, FetchLimits, NotFetched
from deepaas.messages import Answer
from deepaas.protocols.cog.upload import NotUploaded, Uploader
from deepaas.training.store_database import Database

from .test_odd_headers import ask, status


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with start_host(["plain"], "--no-ui", max_peak_mb=160) as host:
        yield host


def told(answer: bytes) -> str:
    """What an answer of the host says."""
    return str(json.loads(answer.partition(b"\r\n\r\n")[2])["message"])


# --- forms ---

WHOLE = b"--b\r\n%s\r\n\r\ntext\r\n--b--\r\n"
NAMED = b'Content-Disposition: form-data; name="text"'
PART = "the form cannot be read: part 1 is not valid multipart/form-data, or is incomplete"
BEGIN = "the form cannot be read: it does not start with the boundary given in Content-Type"
NONE = (
    "the form cannot be read: its Content-Type has no boundary of at most 70 characters",
    b"multipart/form-data",
)

FORMS = {
    "odd name": (PART, WHOLE % (NAMED + b'; filename*0="a\'b"')),
    "odd field": (PART, WHOLE % b'Content-Disposition: form-data; name*0="a\'b"'),
    "no header": (PART, WHOLE % b"no header at all"),
    "encoding": (PART, WHOLE % (NAMED + b"\r\nContent-Transfer-Encoding: what")),
    "base64": (
        PART,
        WHOLE.replace(b"text", b"a") % (NAMED + b"\r\nContent-Transfer-Encoding: base64"),
    ),
    "breaks off": (PART.replace("1", "2"), b"--b\r\n" + NAMED + b"\r\n\r\nte"),
    "long header": ("the form cannot be read: a line is too long", b"--b\r\n" + b"x" * 99999),
    "no boundary in it": (BEGIN, b"nothing"),
    "none in it, long": (BEGIN, b"nothing\r\n" * 20_000),
}


@pytest.mark.parametrize("name", FORMS)
def test_form(name: str, host: Host) -> None:
    said, body = FORMS[name]
    kind = b"Content-Type: multipart/form-data; boundary=b"
    answer = ask(host, b"POST /v2/models/plain/predict/", kind, body=body)
    assert (status(answer), told(answer)) == (400, said)


@pytest.mark.parametrize("kind", [b"", b"; boundary=", b"; boundary=" + b"x" * 71])
def test_form_without_a_boundary(kind: bytes, host: Host) -> None:
    said, media_type = NONE
    kind = b"Content-Type: " + media_type + kind
    answer = ask(host, b"POST /v2/models/plain/predict/", kind, body=b"--\r\n")
    assert (status(answer), told(answer)) == (400, said)


# --- what is no HTTP ---

CHUNKED = (
    b"POST /v2/models/plain/predict/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json"
)
BROKEN = {
    "first line": (
        b"\x16\x03\x01\x02\x00\x01\r\n\r\n",
        "the request line is not valid HTTP",
    ),
    "header": (
        b"GET / HTTP/1.1\r\nHost: localhost\r\nBad Header\r\n\r\n",
        "a header of the request is not valid",
    ),
    "long header": (
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 10_000 + b"\r\n\r\n",
        "a line of the request is too long",
    ),
    "chunks": (
        CHUNKED + b"\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n",
        "the body is not valid chunked data",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_http(name: str, host: Host) -> None:
    sent, said = BROKEN[name]
    with socket.create_connection(("127.0.0.1", host.port), timeout=30) as sock:
        sock.sendall(sent)
        answer = sock.recv(65536)
    assert status(answer) == 400
    # Which of them it is, is for aiohttp's parser to say.
    assert told(answer) in (said, "the request is not valid HTTP")


# --- what the host asks others for ---


@contextmanager
def answering(*answers: bytes) -> Iterator[int]:
    """A port where each connection gets these bytes, and is closed."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            for answer in answers:
                connection, _ = listening.accept()
                connection.recv(65536)
                connection.sendall(answer)
                connection.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(10)


CALLS = {
    "no answer": (b"", "the connection was closed"),
    "no HTTP": (b"SSH-2.0-OpenSSH\r\n", "the response is not HTTP"),
    "breaks off": (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", "the connection was closed"),
}


@pytest.mark.parametrize("name", CALLS)
async def test_fetched_file(name: str, tmp_path: Path) -> None:
    answer, said = CALLS[name]
    fetcher = Fetcher(FetchLimits(1000, 10, private=True), 9)
    try:
        with answering(answer, answer) as port:
            with pytest.raises(NotFetched) as caught:
                await fetcher.fetch(f"http://127.0.0.1:{port}/a?key=b", tmp_path, 1, {})
            assert str(caught.value) == f"http://127.0.0.1:{port}/a cannot be fetched: {said}"
            socket.create_connection(("127.0.0.1", port)).close()
        for url, words in (
            ("http://127.0.0.1:1/a", "http://127.0.0.1:1/a cannot be fetched: Connection refused"),
            ("http://no.invalid/a", "http://no.invalid/a: the host name cannot be resolved"),
            (
                f"http://{'a' * 70}.invalid/",
                f"http://{'a' * 70}.invalid/ cannot be fetched: the host name cannot be resolved",
            ),
        ):
            with pytest.raises(NotFetched) as caught:
                await fetcher.fetch(url, tmp_path, 2, {})
            assert str(caught.value) == words
    finally:
        await fetcher.close()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            b"HTTP/1.1 403 Go away, 10.1.2.3\r\nContent-Length: 0\r\n\r\n",
            "the response had status 403",
        ),
        (b"SSH-2.0-OpenSSH\r\n", "the response is not HTTP"),
    ],
)
async def test_uploaded_file(answer: bytes, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deepaas.protocols.cog.upload.FIRST_PAUSE_SECONDS", 0.0)
    with answering(*[answer] * 3) as port:
        uploader = Uploader(f"http://user:secret@127.0.0.1:{port}/files")
        try:
            with pytest.raises(NotUploaded) as caught:
                await uploader.upload(Answer(1, "text/plain", b"x"), "id")
        finally:
            await uploader.close()
        await asyncio.to_thread(_use_up, port)
    assert str(caught.value) == f"the output cannot be uploaded: {said}"


async def test_no_password_of_an_upload_is_told_or_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    for url in ("ftp://user:secret@127.0.0.1/files", "http://user:secret@127.0.0.1:1/files"):
        uploader = Uploader(url)
        try:
            with pytest.raises(NotUploaded) as caught:
                await uploader.upload(Answer(1, "text/plain", b"x"), "id")
        finally:
            await uploader.close()
        assert "secret" not in str(caught.value)
    assert caplog.text.count("cannot upload an output") == 2
    assert "secret" not in caplog.text


def _use_up(port: int) -> None:
    """Take the answers that nobody has asked for."""
    with contextlib.suppress(OSError):
        while True:
            socket.create_connection(("127.0.0.1", port), timeout=0.2).close()


# --- the store, Cog's bodies ---


async def test_store() -> None:
    database = Database("sqlite+aiosqlite:////tmp/nowhere/x.db")
    with pytest.raises(StoreUnavailable) as caught, database.translated():
        raise sqlite3.OperationalError("no such table: runs")
    assert caught.value.reason == "the database reports an error"
    assert "no such table: runs" in caught.value.details
    with pytest.raises(StoreUnavailable) as caught, database.translated():
        raise OSError("Multiple exceptions: [Errno 111] ('10.0.0.1', 5432)")
    assert caught.value.reason == "no connection to the database"
    assert "10.0.0.1" in caught.value.details


async def test_nested_too_deeply_for_cog(host: Host) -> None:
    answer = ask(
        host,
        b"POST /cog/plain/predictions",
        b"Content-Type: application/json",
        body=b'{"input":{"a":' + b"[" * 50_000,
    )
    said = b"Failed to parse the request body as JSON: it is nested too deeply"
    assert (status(answer), answer.partition(b"\r\n\r\n")[2]) == (400, said)
