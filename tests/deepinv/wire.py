"""Requests of DeepInverse's client as bytes, for what it would not send itself."""

from __future__ import annotations

import base64
import io
import json
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

import numpy as np
from support.host import Host

from deepaas.tensors.arrays import array_of, tensor_of
from deepaas.tensors.torch_files import tensor_in
from deepaas.tensors.torch_writer import pieces

START = "data:application/octet-stream;base64,"


@dataclass(frozen=True)
class Said:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def error(self) -> str:
        """What is wrong, in the one shape that errors have."""
        told = json.loads(self.body)
        assert {"error"} <= told.keys() <= {"error", "code", "id"}
        assert self.headers["Content-Type"] == "application/json; charset=utf-8"
        error: str = told["error"]
        assert "Traceback" not in error
        return error

    @property
    def array(self) -> Any:
        assert self.status == 200, self.body[:1000]
        return array_in(json.loads(self.body)["output"]["file"])

    @property
    def metadata(self) -> dict[str, Any]:
        assert self.status == 200, self.body[:1000]
        told: dict[str, Any] = json.loads(self.body)["output"].get("metadata", {})
        return told


def url(content: bytes) -> str:
    return START + base64.b64encode(content).decode()


def file_of(array: Any) -> bytes:
    return b"".join(pieces(tensor_of(np.asarray(array))))


def url_of(array: Any) -> str:
    return url(file_of(array))


def array_in(data_url: str) -> Any:
    assert data_url.startswith(START)
    content = base64.b64decode(data_url[len(START) :], validate=True)
    return array_of(tensor_in(memoryview(bytearray(content))))


def body_of(file: Any, metadata: Any = None) -> bytes:
    given = {"file": file} if metadata is None else {"file": file, "metadata": metadata}
    return json.dumps({"input": given}).encode()


def send(
    host: Host, path: str, body: bytes, headers: dict[str, str] | None = None, method: str = "POST"
) -> Said:
    with closing(HTTPConnection("127.0.0.1", host.port, timeout=60)) as connection:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return Said(answer.status, dict(answer.headers), answer.read())


def ask(host: Host, model: str, array: Any, metadata: Any = None, query: str = "") -> Said:
    file = array if isinstance(array, str) else url_of(array)
    return send(host, f"/deepinv/{model}{query}", body_of(file, metadata))


def npy(array: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()
