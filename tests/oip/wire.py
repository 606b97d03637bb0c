"""Requests of the protocol as bytes, for what no client would send."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

from support.host import Host

LENGTH = "Inference-Header-Content-Length"


@dataclass(frozen=True)
class Said:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def error(self) -> str:
        """What is wrong, in the one shape that errors have."""
        told = json.loads(self.body)
        assert list(told) == ["error"]
        assert self.headers["Content-Type"] == "application/json"
        error: str = told["error"]
        assert "Traceback" not in error
        return error

    def json(self) -> Any:
        return json.loads(self.body)


def send(
    host: Host,
    path: str,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
    method: str = "",
) -> Said:
    """A request to a path below the protocol's own root."""
    connection = HTTPConnection("127.0.0.1", host.port, timeout=60)
    with closing(connection):
        method = method or ("GET" if body is None else "POST")
        connection.request(method, f"/oip/v2{path}", body, headers or {})
        answer = connection.getresponse()
        return Said(answer.status, dict(answer.headers), answer.read())


def tensor(name: str = "x", **changes: Any) -> dict[str, Any]:
    return {"name": name, "shape": [2], "datatype": "FP32", **changes}


def binary(size_bytes: Any = 8, **changes: Any) -> dict[str, Any]:
    return tensor(parameters={"binary_data_size": size_bytes}, **changes)


def infer(
    host: Host,
    *inputs: dict[str, Any],
    behind: bytes = b"",
    length: Any = None,
    model: str = "oip_tensors",
    headers: dict[str, str] | None = None,
    **others: Any,
) -> Said:
    """Ask for an inference; what is ``behind`` the JSON are tensors."""
    head = json.dumps({"inputs": inputs, **others}).encode()
    told = dict(headers or {})
    if behind or length is not None:
        told[LENGTH] = str(len(head) if length is None else length)
    return send(host, f"/models/{model}/infer", head + behind, told)
