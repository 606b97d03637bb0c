"""No secret of a client or an operator is in anything that a host writes."""

import json
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest
from observe.collector import Collector, collecting
from support import processes
from support.host import Host, start_host
from support.waiting import wait_until

MARK = re.compile(rb"SECRET-[a-z-]+")
TYPES = {"Content-Type": "application/json"}

MODEL = """
from typing import Optional
from cog import BasePredictor, Input, Path, Secret

class Predictor(BasePredictor):
    def predict(
        self,
        key: Optional[Secret] = Input(default=None),
        file: Optional[Path] = Input(default=None),
        number: int = 0,
        fails: bool = False,
    ) -> str:
        assert key is None or key.get_secret_value().startswith("SECRET")
        if fails:
            raise ValueError("the model does not work")
        return "done"
"""

HEADERS = {
    "Authorization": "Bearer SECRET-bearer",
    "X-API-Key": "SECRET-api-key",
    "Cookie": "session=SECRET-cookie",
    "Proxy-Authorization": "Basic SECRET-proxy",
    "Referer": "http://localhost/?SECRET-referrer",
}


class Receiver(BaseHTTPRequestHandler):
    """Gets webhooks, and has no files."""

    got: ClassVar[list[bytes]] = []

    def do_POST(self) -> None:
        self.got.append(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer(500 if "broken" in self.path else 200)

    def do_GET(self) -> None:
        self._answer(404 if "missing" in self.path else 200)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@dataclass
class Written:
    """Where everything goes."""

    host: Host
    folder: Path
    collector: Collector
    receiver: str

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> int:
        connection = HTTPConnection("127.0.0.1", self.host.port, timeout=60)
        sent = {**HEADERS, **{name.replace("_", "-"): one for name, one in headers.items()}}
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        if content is not None and "Content-Type" not in sent:
            sent |= TYPES
        connection.request(method, path, content, sent)
        response = connection.getresponse()
        response.read()
        connection.close()
        return response.status

    def send(self, data: bytes) -> None:
        with socket.create_connection(("127.0.0.1", self.host.port), timeout=60) as line:
            line.sendall(data)
            while line.recv(65536):
                pass

    def texts(self) -> dict[str, bytes]:
        """Everything that was written, by where it is."""
        self.ask("GET", "/v2/models/", X_Request_ID="the-last-one")
        wait_until(
            lambda: b"the-last-one" in (self.folder / "access").read_bytes(), "all is written"
        )
        wait_until(lambda: b"the-last-one" in b"".join(self.collector.bodies), "all is sent")
        found = {path.name: path.read_bytes() for path in self.folder.iterdir() if path.is_file()}
        found["stdout and stderr"] = self.host.log().encode()
        found["spans"] = b"".join(self.collector.bodies)
        for path in (self.host.home / "state").rglob("*"):
            if path.is_file() and "sqlite" not in path.name and not path.name.endswith("-wal"):
                found[str(path)] = path.read_bytes()
        for process in processes.marked(self.host.mark):
            place = Path(f"/proc/{process.pid}")
            found[f"{place}/cmdline"] = (place / "cmdline").read_bytes()
            # Those of the host itself are not written by it.
            if b"-m\0deepaas.runtime" in found[f"{place}/cmdline"]:
                found[f"{place}/environ"] = (place / "environ").read_bytes()
        return found


@pytest.fixture(scope="module", params=["json", "text"])
def written(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Written]:
    folder = tmp_path_factory.mktemp("written")
    source = tmp_path_factory.mktemp("model") / "keeps.py"
    source.write_text(MODEL)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    thread = Thread(target=server.serve_forever, args=(0.05,))
    with ExitStack() as stack:
        collector = stack.enter_context(collecting())
        stack.callback(thread.join)
        stack.callback(server.shutdown)
        thread.start()
        address = collector.url.removeprefix("http://")
        ini = source.with_name("deepaas.conf")
        ini.write_text(f"[DEFAULT]\notel_endpoint = http://user:SECRET-collector@{address}\n")
        options = ["--debug", "--access-log", str(folder / "access"), "--cog-private-urls"]
        options += ["--log-file", str(folder / "log"), "--log-format", request.param]
        options += ["--model-name", str(source), "--no-ui", "--config-file", str(ini)]
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=SECRET-exporter")
            patch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
            patch.setenv("WEBHOOK_AUTH_TOKEN", "SECRET-webhook-token")
            host = stack.enter_context(start_host(["plain", "trains", "every_argument"], *options))
        yield Written(host, folder, collector, f"127.0.0.1:{server.server_port}")


def test_nothing_that_is_written_has_a_secret(written: Written) -> None:
    ask, url = written.ask, f"http://user:SECRET-userinfo@{written.receiver}"
    statuses = {
        # V2: in the query, in forms, in bodies; also those that are refused.
        "query": ask("POST", "/v2/models/plain/predict/?text=SECRET-query"),
        "redirect": ask("POST", "/v2/models/plain/predict?text=SECRET-redirected"),
        "nowhere": ask("GET", "/nowhere?key=SECRET-nowhere"),
        "no model": ask("POST", "/v2/models/none/predict/?key=SECRET-no-model"),
        "no JSON": ask("POST", "/v2/models/plain/predict/", b'{"text": SECRET-bad-json'),
        "wrong": ask("POST", "/v2/models/every_argument/predict/", {"integer": "SECRET-wrong"}),
        "form": ask(
            "POST",
            "/v2/models/plain/predict/",
            b"--x\r\nContent-Disposition: form-data; name=text\r\n\r\nSECRET-form\r\n--x--\r\n",
            Content_Type="multipart/form-data; boundary=x",
        ),
        "broken form": ask(
            "POST",
            "/v2/models/plain/predict/",
            b"--x\r\nContent-Disposition: SECRET-part\r\n\r\nSECRET-broken-form",
            Content_Type="multipart/form-data; boundary=x",
        ),
        "stream": ask(
            "POST", "/v2/models/plain/predict/?text=SECRET-stream", Accept="text/event-stream"
        ),
        "train": ask("POST", "/v2/models/trains/train/?token=SECRET-train"),
        # Cog: secret inputs, files to be fetched, webhooks.
        "secret": ask("POST", "/cog/keeps/predictions", {"input": {"key": "SECRET-input"}}),
        "failing": ask(
            "POST", "/cog/keeps/predictions", {"input": {"key": "SECRET-failing", "fails": True}}
        ),
        "invalid": ask(
            "POST", "/cog/keeps/predictions", {"input": {"key": "SECRET-invalid", "number": "x"}}
        ),
        "wrong number": ask(
            "POST", "/cog/keeps/predictions", {"input": {"number": "SECRET-number"}}
        ),
        "file": ask(
            "POST", "/cog/keeps/predictions", {"input": {"file": f"{url}/a?sig=SECRET-signature"}}
        ),
        "missing file": ask(
            "POST", "/cog/keeps/predictions", {"input": {"file": f"{url}/missing?SECRET-missing"}}
        ),
        "no address": ask(
            "POST",
            "/cog/keeps/predictions",
            {"input": {"file": "http://u:SECRET-host@nowhere.invalid/"}},
        ),
        "data URL": ask(
            "POST",
            "/cog/keeps/predictions",
            {"input": {"file": "data:text/plain,SECRET-data-url"}},
        ),
        "webhook": ask(
            "POST",
            "/cog/keeps/predictions",
            {"input": {"key": "SECRET-hooked"}, "webhook": f"{url}/hook?token=SECRET-hook"},
            Prefer="respond-async",
        ),
        "told": ask(
            "POST",
            "/cog/keeps/predictions",
            {
                "input": {"key": "SECRET-told"},
                "webhook": f"http://{written.receiver}/hook?token=SECRET-told-hook",
            },
        ),
        "no webhook": ask(
            "POST",
            "/cog/keeps/predictions",
            {"input": {}, "webhook": "http://user:SECRET-bad-hook@nowhere.invalid:1/?SECRET-x"},
        ),
        "forbidden": ask(
            "POST", "/cog/keeps/predictions", {"input": {}, "webhook": "ftp://u:SECRET-ftp@x/"}
        ),
        # The Open Inference Protocol.
        "oip": ask("POST", "/oip/v2/models/plain/infer", {"inputs": ["SECRET-tensor"]}),
        "oip parameters": ask(
            "POST",
            "/oip/v2/models/plain/infer?SECRET-oip-query",
            {"parameters": {"x": "SECRET-oip"}},
        ),
        # DeepInverse's client.
        "deepinv": ask(
            "POST",
            "/deepinv/plain?SECRET-deepinv-query",
            {"input": {"file": "SECRET-file", "metadata": {"SECRET-name": "SECRET-metadata"}}},
        ),
        # Pages and programs behind the host.
        "foreign": ask("GET", "/v2/?SECRET-foreign", Origin="http://SECRET-origin.example"),
        "start page": ask("GET", "/?SECRET-start-page", Accept="text/html"),
        "tensorboard": ask("GET", "/tensorboard/data/runs?SECRET-tensorboard"),
        "cancel": ask("POST", "/cog/keeps/predictions/none/cancel?SECRET-cancel"),
    }
    assert statuses["secret"] == statuses["failing"] == statuses["file"] == 200, statuses
    assert statuses["invalid"] == statuses["wrong"] == 422, statuses
    for sent in (
        b"GET /?SECRET-absolute HTTP/1.1\r\nHost: localhost\r\nSECRET-no-colon\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: SECRET-nul\x00\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: SECRET-host\x01\r\n\r\n",
        b"SECRET-method /?SECRET-no-path\r\n\r\n",
        b"GET http://u:SECRET-target@localhost/?SECRET-in-target HTTP/1.0\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: SECRET-" + b"long" * 3000 + b"\r\n\r\n",
        b"POST /v2/models/plain/predict/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        b"Transfer-Encoding: chunked\r\n\r\nSECRET-chunk\r\n\r\n",
        b"POST /v2/models/plain/predict/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        b"Content-Encoding: gzip\r\nContent-Length: 12\r\n\r\nSECRET-gzip!",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nExpect: SECRET-expectation\r\n\r\n",
    ):
        written.send(sent)
    wait_until(lambda: any(b"succeeded" in one for one in Receiver.got), "a webhook has arrived")
    texts = written.texts()
    assert any(where.endswith("/environ") for where in texts)
    assert {"access", "log", "spans"} <= set(texts) and all(texts[one] for one in ("log", "spans"))
    found = {where: set(MARK.findall(text)) for where, text in texts.items()}
    assert {where: secrets for where, secrets in found.items() if secrets} == {}


def test_the_password_of_a_database(tmp_path: Path) -> None:
    address = "postgresql+asyncpg://user:SECRET-password@127.0.0.1:1/trainings"
    ini = tmp_path / "deepaas.conf"
    ini.write_text(f"[DEFAULT]\ndatabase_url = {address}\n")
    with start_host(["plain"], "--debug", "--no-ui", "--config-file", str(ini)) as host:
        host.wait_for_log("training is not available")
        told = host.get("/readyz").body
        assert not MARK.search(host.log().encode() + told)
