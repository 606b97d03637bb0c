"""Requests that lie are refused in words, within limits; the model and others notice nothing."""

from __future__ import annotations

import base64
import gzip
import io
import json
import pickle
import struct
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from support.host import Host
from support.processes import resident_mb
from tensors.test_torch_files import HOSTILE, _pickled

from .wire import START, Said, ask, body_of, file_of, npy, send, url, url_of

Y = np.zeros((1, 1, 2, 2), np.float32)
FLAT_MB = 100
"""How much more a process may take when it has seen one of these."""


@pytest.fixture(autouse=True)
def unharmed(host: Host) -> Iterator[None]:
    restarts = host.readiness("denoise")["restarts_count"]
    before_mb = _sizes(host)
    yield
    assert ask(host, "denoise", Y).status == 200
    assert host.readiness("denoise")["restarts_count"] == restarts
    for process, size_mb in _sizes(host).items():
        assert size_mb < before_mb.get(process, size_mb) + FLAT_MB
    assert host.temporary_files() == []


def _sizes(host: Host) -> dict[int, float]:
    return {process.pid: resident_mb(process.pid) for process in host.family()}


def refused(said: Said, *words: str) -> None:
    assert said.status == 400, said.body[:500]
    assert len(said.body) < 2000
    for word in words:
        assert word in said.error, said.error


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


class Opens:
    """What a pickle is that does something when it is loaded."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return open, (self.path, "w")


@pytest.mark.parametrize("name", HOSTILE)
def test_pickles_that_lie_about_tensors(host: Host, name: str) -> None:
    refused(ask(host, "denoise", url(bytes(_pickled(HOSTILE[name])))), "file (argument 'y'): ")
    refused(ask(host, "denoise", Y, {"mask": url(bytes(_pickled(HOSTILE[name])))}), "'mask': ")


def test_pickles_with_code(host: Host, tmp_path: Any) -> None:
    trace = tmp_path / "trace"
    for protocol in range(6):
        code = pickle.dumps(Opens(str(trace)), protocol)
        for content in (code, zipped({"archive/data.pkl": code, "archive/version": b"3\n"})):
            refused(ask(host, "denoise", url(content)))
            refused(ask(host, "denoise", Y, {"mask": url(content)}))
        refused(ask(host, "denoise", url(code)), "the file was not written by torch.save")
    assert not trace.exists()


OTHERS: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "text": lambda: b"a text",
    "npy": lambda: npy(Y),
    "npz": lambda: zipped({"x.npy": npy(Y)}),
    "a-picture": lambda: b"\x89PNG\r\n\x1a\n",
    "an-archive-in-an-archive": lambda: zipped({"archive/data.pkl": file_of(Y)}),
    "many-members": lambda: zipped({f"{number}/data.pkl": b"" for number in range(6000)}),
    "bomb": lambda: zipped({"a/data.pkl": b"", "a/data/0": bytes(64 << 20)}, zipfile.ZIP_DEFLATED),
    "storage-elsewhere": lambda: file_of(Y).replace(b"archive/data/0", b"archive/data/1"),
    "more-behind": lambda: file_of(Y) + b"more",
}


@pytest.mark.parametrize("name", OTHERS)
def test_files_that_are_none(host: Host, name: str) -> None:
    refused(ask(host, "denoise", url(OTHERS[name]())))


def test_files_that_end_too_early(host: Host) -> None:
    content = file_of(Y)
    for size in (*range(1, 60), *range(60, len(content), 23)):
        refused(ask(host, "denoise", url(content[:size])))


def test_claims_of_ten_gigabytes(host: Host) -> None:
    """In every place where a size is."""
    content = file_of(np.zeros(16, np.float32))
    for size in (2**31 - 1, 2**32 - 1, 10 * 2**28):
        for number in (64, 16):
            for place, known in enumerate(_places(content, struct.pack("<I", number))):
                changed = content[:known] + struct.pack("<I", size) + content[known + 4 :]
                said = ask(host, "deepinv_forms", url(changed))
                # Checksums and sizes in front of members are not read.
                assert said.status in (200, 400), (place, said)


def _places(content: bytes, word: bytes) -> list[int]:
    found = [at for at in range(len(content)) if content.startswith(word, at)]
    assert found
    return found


URLS: dict[str, Any] = {
    "nothing": "",
    "scheme": "data:",
    "comma": "data:,",
    "no-comma": "data:application/octet-stream",
    "no-base64": "data:application/octet-stream,abcd",
    "picture": "data:image/png;base64,AAAA",
    "no-content": "data:application/octet-stream;base64",
    "http": "http://127.0.0.1:1/y.pt",
    "file": "file:///etc/passwd",
    "plain-base64": base64.b64encode(file_of(Y)).decode(),
    "short": url_of(Y)[:-1],
    "padded": url_of(Y)[:-2] + "==",
    "padded-inside": url_of(Y)[:200] + "=" + url_of(Y)[201:],
    "other-character": url_of(Y)[:200] + "!" + url_of(Y)[201:],
    "line-break": url_of(Y)[:200] + "\n" + url_of(Y)[200:],
    "other-letters": url_of(Y).replace("A", "é"),
    "padding-behind": url_of(Y) + "=",
    "padding": START + "=" * 1000,
    "letters": START + "é" * 100_000,
    "text": "x" * 500_000,
    "number": 7,
    "null": None,
    "list": [],
    "object": {"a": 1},
    "lists": [[[[[]]]]],
}


@pytest.mark.parametrize("name", URLS)
def test_urls_that_are_none(host: Host, name: str) -> None:
    refused(send(host, "/deepinv/denoise", body_of(URLS[name])), "file (argument 'y'): ")


BODIES: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "half": lambda: b"{",
    "list": lambda: b"[]",
    "null": lambda: b"null",
    "empty": lambda: b"{}",
    "no-input": lambda: b'{"output":{}}',
    "input-of-7": lambda: b'{"input":7}',
    "no-file": lambda: b'{"input":{"metadata":{}}}',
    "more": lambda: b'{"input":{"file":"","sigma":1}}',
    "behind": lambda: body_of(url_of(Y)) + b"{}",
    "nan-only": lambda: b"NaN",
    "nan-and-half": lambda: b'{"input":{"file":"x","metadata":{"sigma":NaN',
    "nan-file": lambda: b'{"input":{"file":NaN,"metadata":{"sigma":NaN}}}',
    "nan-name": lambda: b'{"input":{"file":"x","metadata":{NaN:NaN}}}',
    "nans": lambda: b'{"input":{"file":"x","metadata":{"steps":[' + b"NaN," * 50_000 + b"1]}}}",
    "nan-texts": lambda: (
        b'{"input":{"file":"x","metadata":{"steps":[NaN' + b',"\\"NaN"' * 400_000 + b"]}}}"
    ),
    "brackets": lambda: b"[" * 100_000,
    "objects": lambda: b'{"input":' * 50_000,
    "deep-file": lambda: b'{"input":{"file":' + b"[" * 50_000 + b"]" * 50_000 + b"}}",
    "no-utf8": lambda: b'{"input":{"file":"\xff"}}',
    "digits": lambda: b'{"input":{"file":"x","metadata":{"sigma":' + b"9" * 100_000 + b"}}}",
    "nul": lambda: b'{"input":{"file":"\\u0000","metadata":{"\\u0000":1}}}',
    "million-names": lambda: body_of(url_of(Y), {f"name-{number}": 1 for number in range(10**6)}),
    "million-times": lambda: (
        b'{"input":{"file":"x","metadata":{' + b'"sigma":1,' * 10**6 + b'"other":1}}}'
    ),
    "million-names-and-nan": lambda: body_of(
        url_of(Y), {"sigma": float("nan"), **{f"name-{number}": 1 for number in range(10**6)}}
    ),
    "long-name": lambda: body_of(url_of(Y), {"n" * 10**6: 1}),
    "million-members": lambda: json.dumps(
        {"input": {"file": "x", **{f"name-{number}": 1 for number in range(10**6)}}}
    ).encode(),
}


@pytest.mark.parametrize("name", BODIES)
def test_bodies_that_are_none(host: Host, name: str) -> None:
    refused(send(host, "/deepinv/denoise", BODIES[name]()))


def test_what_unpacks_to_much(host: Host) -> None:
    bomb = gzip.compress(b" " * (64 * 2**20))
    said = send(host, "/deepinv/denoise", bomb, {"Content-Encoding": "gzip"})
    assert said.status == 413
    assert "expands to more than" in said.error


def test_escapes_in_urls_are_understood(host: Host) -> None:
    body = body_of(url_of(Y)).replace(b"/", b"\\/")
    assert np.array_equal(send(host, "/deepinv/denoise", body).array, Y)
