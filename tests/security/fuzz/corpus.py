"""Valid requests of every route that the application has, from its own table of routes."""

import itertools
import json
import re
import struct
from collections.abc import Iterator, Mapping, Sequence

from scripts.reference.routes import served

from .message import Message

BOUNDARY = b"boundary-of-the-fuzzer"
JSON = b"application/json"

GRADIO = (
    *("", "config", "theme.css", "gradio_api/info", "gradio_api/startup-events"),
    *("gradio_api/heartbeat/abc", "gradio_api/file=/etc/passwd", "gradio_api/upload"),
    *("gradio_api/run/predict", "gradio_api/call/predict", "gradio_api/queue/join"),
    *("gradio_api/queue/data?session_hash=abc", "gradio_api/reset", "gradio_api/cancel"),
    *("gradio_api/component_server", "gradio_api/stream/abc/1/2/playlist.m3u8", "manifest.json"),
    *("gradio_api/proxy=http://127.0.0.1/", "monitoring", "gradio_api/upload_progress?upload_id=a"),
)
TENSORBOARD = (
    *("", "data/environment", "data/runs", "data/plugins_listing", "data/logdir", "index.js"),
    *("data/plugin/scalars/tags", "data/plugin/scalars/scalars?run=a&tag=b", "experiment/1/x"),
)
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS")

ARGUMENTS = {
    "text": "some text",
    "number": 12,
    "share": 0.25,
    "flag": True,
    "choice": "b",
    "some": [1, 2, 3],
    "object": {"a": [None, {"b": 1.5}]},
    "when": "2026-11-29T12:00:00",
}
QUERY = "?text=some%20text&number=12&share=0.25&flag=true&choice=b&some=1&some=2"
DATA_URL = "data:text/plain;base64,aGVsbG8="


def valid_requests(model: str, run: str) -> list[Message]:
    """Requests of all routes.

    Args:
        model: a model that is served.
        run: a training of it that has ended, by uuid.
    """
    found: list[Message] = []
    for method, route in sorted(served()):
        for path in _paths(route, model, run):
            for name in (
                METHODS if method == "*" else (method, "HEAD" if method == "GET" else method)
            ):
                found += _messages(name, path)
    return found


def _paths(route: str, model: str, run: str) -> Iterator[str]:
    """A route with its parameters filled in, each with some values."""
    values: dict[str, Sequence[str]] = {
        "name": [model, "unknown"] if "/models/" in route else ["swagger-ui.css", "a.woff2"],
        "model": [model, "unknown"],
        "door": ["v2", "cog", "deepinv", "oip", "unknown"],
        "uuid": [run, "0" * 32],
        "training_id": [run, "0" * 32],
        "prediction_id": ["my-prediction", "x" * 30],
        "path": ["a.txt", "below/b%20%0A.bin", "no"],
        "tail": [""],
        "version": ["1", "unknown"],
    }
    if route.startswith("/try-me/"):
        values["tail"] = [*GRADIO[:1], *(f"{model}/{path}" for path in GRADIO)]
    elif route.startswith("/tensorboard/"):
        values["tail"] = TENSORBOARD
    names = re.findall(r"{(\w+)}", route)
    for chosen in itertools.product(*(values[name] for name in names)):
        path = route
        for name, value in zip(names, chosen, strict=True):
            path = path.replace(f"{{{name}}}", value)
        yield path


def _messages(method: str, path: str) -> Iterator[Message]:
    """The requests that a client may send to a path."""
    if method not in ("POST", "PUT", "PATCH"):
        yield _message(method, path)
        if path.endswith("/logs"):
            yield _message(method, f"{path}?tail=1")
            yield _message(method, path, {"Accept": "text/event-stream", "Last-Event-ID": "0"})
        if path.endswith("/files/"):
            yield _message(method, f"{path}?format=zip")
        if "/files/" in path:
            yield _message(method, path, {"Range": "bytes=0-3", "If-Range": '"abc"'})
        if path.endswith(("/train/", "/predictions", "/trainings")):
            yield _message(method, f"{path}?limit=2&offset=1&status=done&order=newest&cursor=abc")
        return
    if "/cog/" in path:
        given = {**ARGUMENTS, "data": DATA_URL}
        yield _json(method, path, {"input": given})
        yield _json(method, path, {"input": given}, {"Prefer": "respond-async"})
        yield _json(
            method,
            path,
            {"input": {}, "webhook": "http://127.0.0.1:9/", "webhook_events_filter": ["completed"]},
        )
        yield _json(method, path, {"input": {"text": "a"}}, {"Accept": "text/event-stream"})
    elif path.startswith("/try-me/"):
        yield _json(method, path, {"data": ["a", 1, None], "fn_index": 0, "session_hash": "abc"})
        file = {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}
        yield _json(method, path, {"data": [file], "fn_index": 1, "session_hash": "abc"})
        yield _form(method, path, {}, "files")
    elif path.endswith("/infer"):
        text = {"name": "text", "shape": [1], "datatype": "BYTES", "data": ["a"]}
        size = {"binary_data_size": 8}
        number = {"name": "number", "shape": [1], "datatype": "FP64", "parameters": size}
        yield _json(method, path, {"inputs": [text], "outputs": [{"name": "text"}]})
        head = json.dumps({"inputs": [text, number], "id": "a"}).encode()
        length = {"Inference-Header-Content-Length": str(len(head))}
        yield _message(method, path, length, head + struct.pack("<d", 0.5))
    elif "/generate" in path:
        yield _json(method, path, {"text_input": "a", "parameters": {"number": 1}})
    elif "/predict/" in path or "/train/" in path:
        yield _message(method, f"{path}{QUERY if 'predict' in path else '?text=a'}")
        yield _json(method, path, ARGUMENTS if "predict" in path else {"text": "a"})
        yield _form(method, path, {"text": "a", "number": "1"}, "data")
        fields = b"text=a&number=1&flag=on&some=1&some=2"
        yield _message(method, path, {"Content-Type": "application/x-www-form-urlencoded"}, fields)
        yield _message(method, path, {"Accept": "text/event-stream"})
    else:
        yield _json(method, path, {})


def _message(
    method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b""
) -> Message:
    every = {"Host": "127.0.0.1", "Connection": "close", "Accept": "*/*", **(headers or {})}
    pairs = tuple((name.encode(), value.encode()) for name, value in every.items())
    return Message(method.encode(), path.encode(), pairs, body)


def _json(
    method: str, path: str, value: object, headers: Mapping[str, str] | None = None
) -> Message:
    headers = {"Content-Type": "application/json", **(headers or {})}
    return _message(method, path, headers, json.dumps(value).encode())


def _form(method: str, path: str, fields: Mapping[str, str], file: str) -> Message:
    parts = [
        b'Content-Disposition: form-data; name="%b"\r\n\r\n%b' % (name.encode(), value.encode())
        for name, value in fields.items()
    ]
    parts.append(
        b'Content-Disposition: form-data; name="%b"; filename="a b.png"\r\n'
        b"Content-Type: image/png\r\n\r\n\x89PNG\r\n\x1a\n\x00\x01" % file.encode()
    )
    body = b"".join(b"--%b\r\n%b\r\n" % (BOUNDARY, part) for part in parts)
    content_type = f"multipart/form-data; boundary={BOUNDARY.decode()}"
    return _message(method, path, {"Content-Type": content_type}, body + b"--%b--\r\n" % BOUNDARY)
