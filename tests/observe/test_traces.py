"""Traces, as a real collector gets them."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from cog_door.door import PREDICTORS, Door, receiver
from support import client
from support.host import Host, free_port, start_host
from support.waiting import wait_until

from .collector import Collector, collecting, told

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
SAMPLED = f"00-{TRACE_ID}-b7ad6b7169203331-01"
UNSAMPLED = f"00-{TRACE_ID}-b7ad6b7169203331-00"
PARTS = ["queue", "transfer", "check", "run", "encode"]

MODEL = """
import os
import time
from webargs import fields
from deepaas.model.v2 import run

def get_predict_args():
    return {"seconds": fields.Float(missing=0.0), "fails": fields.Bool(missing=False)}

def predict(seconds, fails):
    time.sleep(seconds)
    if fails:
        raise ValueError("a secret of the model")
    return {"headers": run.trace_headers(), "environment": sorted(os.environ)}
"""


@contextmanager
def environment(**variables: str) -> Iterator[None]:
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in variables:
            del os.environ[name]


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with collecting() as collector:
        yield collector


@pytest.fixture(scope="module")
def host(collector: Collector, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    source = tmp_path_factory.mktemp("traced") / "traced.py"
    source.write_text(MODEL)
    variables = {
        "OTEL_BSP_SCHEDULE_DELAY": "50",
        "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20a-secret",
        "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment=tests",
    }
    options = ["--otel-endpoint", collector.url, "--model-name", str(source), "--no-ui"]
    options += ["--model-name", f"reads={PREDICTORS / 'reads.py'}:Predictor"]
    options += ["--cog-private-urls"]
    with ExitStack() as stack:
        with environment(**variables):
            host = stack.enter_context(start_host(["prints"], *options, "--no-train-endpoint"))
        yield host


def call(
    host: Host, name: str, path: str = "/v2/models/traced/predict/", **headers: str
) -> client.Answer:
    headers = {one.replace("_", "-"): value for one, value in headers.items()}
    return client.request(host.port, "POST", path, headers={"X-Request-ID": name, **headers})


def test_a_call_has_a_span_with_its_parts(host: Host, collector: Collector) -> None:
    before = time.time_ns()
    answer = call(host, "parts", "/v2/models/traced/predict/?seconds=0.1")
    assert answer.status == 200
    server, *parts = collector.of("parts", 6)
    assert server.name == "POST /v2/models/{name}/predict/"
    assert server.kind == server.SPAN_KIND_SERVER
    assert server.parent_span_id == b""
    assert [one.name for one in parts] == PARTS
    assert {one.parent_span_id for one in parts} == {server.span_id}
    for earlier, later in pairwise(parts):
        assert earlier.end_time_unix_nano == later.start_time_unix_nano
    assert before < server.start_time_unix_nano <= parts[0].start_time_unix_nano
    assert parts[-1].end_time_unix_nano <= server.end_time_unix_nano < time.time_ns()
    run = parts[3]
    assert 80e6 <= run.end_time_unix_nano - run.start_time_unix_nano < 1e9
    attributes = told(server)
    assert attributes["http.request.method"] == "POST"
    assert attributes["http.route"] == "/v2/models/{name}/predict/"
    assert attributes["http.response.status_code"] == 200
    assert attributes["url.path"] == "/v2/models/traced/predict/"
    assert attributes["deepaas.model"] == "traced" and attributes["deepaas.door"] == "v2"
    assert told(run) == {"deepaas.model": "traced", "deepaas.worker": "traced/1"}


def test_the_resource_and_the_headers_of_the_operator(host: Host, collector: Collector) -> None:
    call(host, "resource")
    collector.of("resource")
    (resource,) = [one.resource for one in collector.requests[0].resource_spans]
    attributes = told(resource)
    assert attributes["service.name"] == "deepaas"
    assert attributes["deployment.environment"] == "tests"
    assert collector.headers[0]["authorization"] == "Bearer a-secret"
    assert collector.paths[0] == "/v1/traces"


def test_the_model_gets_the_trace_but_not_the_secret(host: Host, collector: Collector) -> None:
    answer = call(host, "model", traceparent=SAMPLED, tracestate="vendor=1").json()["predictions"]
    server, *_ = collector.of("model", 6)
    assert server.trace_id.hex() == TRACE_ID
    assert server.parent_span_id.hex() == "b7ad6b7169203331"
    assert server.trace_state == "vendor=1"
    assert answer["headers"] == {
        "traceparent": f"00-{TRACE_ID}-{server.span_id.hex()}-01",
        "tracestate": "vendor=1",
    }
    assert not any("OTEL_EXPORTER" in one for one in answer["environment"])


def test_what_the_host_requests_for_a_client_belongs_to_its_trace(
    host: Host, collector: Collector
) -> None:
    with receiver() as receiving:
        receiving.answer = lambda _request: (200, {}, b"1")
        body = {"input": {"file": f"{receiving.url}/file"}, "webhook": f"{receiving.url}/told"}
        headers = {"X-Request-ID": "fetching", "traceparent": SAMPLED, "tracestate": "vendor=1"}
        answer = Door(host, "/cog/reads").ask("POST", "/predictions", body, **headers)
        assert answer.json()["status"] == "succeeded"
        wait_until(lambda: len(receiving.received) > 1, "the webhook has arrived")
        server, *_ = collector.of("fetching", 6)
        for one in receiving.received:
            assert one.headers["traceparent"] == f"00-{TRACE_ID}-{server.span_id.hex()}-01"
            assert one.headers["tracestate"] == "vendor=1"
        assert receiving.received[0].path == "/file"


TRAINING = """
import time
from pathlib import Path
from webargs import fields
from deepaas.model.v2 import run

def get_train_args():
    return {"go": fields.Str(required=True), "fails": fields.Bool(missing=False)}

def train(go, fails):
    print(run.trace_headers(), flush=True)
    while not Path(go).exists():
        time.sleep(0.01)
    if fails:
        raise ValueError("a secret of the model")
    return run.trace_headers()

def predict():
    pass
"""


@contextmanager
def training_host(collector: Collector, folder: Path) -> Iterator[Host]:
    """Each starts where the last one has ended."""
    source = folder / "trained.py"
    source.write_text(TRAINING)
    options = ["--otel-endpoint", collector.url, "--state-dir", str(folder / "state")]
    options += ["--model-name", str(source), "--no-ui"]
    with (
        environment(OTEL_BSP_SCHEDULE_DELAY="50"),
        start_host(["prints"], *options, tmp=folder) as host,
    ):
        yield host


def begin(host: Host, name: str, go: Path, **more: str) -> str:
    query = urlencode({"go": str(go), **more})
    answer = client.request(
        host.port,
        "POST",
        f"/v2/models/trained/train/?{query}",
        headers={"X-Request-ID": name, "traceparent": SAMPLED, "tracestate": "vendor=1"},
    )
    assert answer.status == 200, answer.body
    return str(answer.json()["uuid"])


def run_of(host: Host, uuid: str) -> Any:
    return host.get(f"/v2/models/trained/train/{uuid}").json()


def of_run(collector: Collector, uuid: str, *names: str) -> list[Any]:
    """The spans of a run: the whole, then its parts, in order."""

    def spans() -> list[Any]:
        return [one for one in collector.spans if told(one).get("deepaas.training") == uuid]

    wait_until(lambda: len(spans()) > len(names), f"the spans of {uuid} have arrived")
    parts = sorted(spans(), key=lambda one: (one.name != "training", one.start_time_unix_nano))
    assert sorted(one.name for one in parts) == sorted(["training", *names])
    whole, *others = parts
    assert [one.name for one in others] == [*names]
    assert {one.parent_span_id for one in others} == {whole.span_id}
    assert {one.trace_id.hex() for one in parts} == {TRACE_ID}
    for earlier, later in pairwise(others):
        assert earlier.end_time_unix_nano == later.start_time_unix_nano
    assert whole.start_time_unix_nano == others[0].start_time_unix_nano
    assert whole.end_time_unix_nano == others[-1].end_time_unix_nano
    return parts


def test_a_training_run_has_spans_for_its_whole_life(tmp_path: Path) -> None:
    """It waits, is done, fails, is cancelled, outlives its host, or is lost with it."""
    go = tmp_path / "go"
    with collecting() as collector:
        with training_host(collector, tmp_path) as host:
            done, fails = begin(host, "done", go), begin(host, "fails", go, fails="true")
            waits = begin(host, "waits", go)
            client.request(host.port, "DELETE", f"/v2/models/trained/train/{waits}")
            (whole, _) = of_run(collector, waits, "queue")
            assert told(whole)["deepaas.state"] == "cancelled"
            go.touch()
            whole, _, _, ran = of_run(collector, done, "queue", "load", "run")
            (server, *_) = collector.of("done")
            assert whole.parent_span_id == server.span_id
            assert whole.trace_state == "vendor=1"
            assert told(whole)["deepaas.state"] == "done" and not ran.status.code
            own = {"traceparent": f"00-{TRACE_ID}-{whole.span_id.hex()}-01"}
            assert run_of(host, done)["result"]["output"] == {**own, "tracestate": "vendor=1"}
            *_, ran = of_run(collector, fails, "queue", "load", "run")
            assert ran.status.code == ran.status.STATUS_CODE_ERROR
            assert b"a secret of the model" not in b"".join(collector.bodies)
            go.unlink()
            stopped, next_one = begin(host, "stopped", go), begin(host, "next", go)
            wait_until(lambda: run_of(host, stopped)["status"] == "running", "it trains")
            wait_until(lambda: "traceparent" in log_of(host, stopped), "its model is there")
            assert host.stop() == 0
        of_run(collector, stopped, "queue", "load", "run")
        with training_host(collector, tmp_path) as host:
            wait_until(lambda: "traceparent" in log_of(host, next_one), "the next host trains it")
            host.process.kill()
            host.process.wait()
        with training_host(collector, tmp_path) as host:
            whole, *_ = of_run(collector, next_one, "queue", "run")
            assert told(whole)["deepaas.state"] == "interrupted"
            assert whole.span_id.hex() in log_of(host, next_one)


def log_of(host: Host, uuid: str) -> str:
    return host.get(f"/v2/models/trained/train/{uuid}/logs").body.decode()


def test_who_is_not_sampled_stays_so(host: Host, collector: Collector) -> None:
    answer = call(host, "unsampled", traceparent=UNSAMPLED).json()["predictions"]
    assert answer["headers"] == {"traceparent": UNSAMPLED}
    call(host, "after-unsampled")
    collector.of("after-unsampled", 6)
    assert "unsampled" not in [told(one).get("deepaas.request_id") for one in collector.spans]


@pytest.mark.parametrize(
    "malformed",
    [
        "",
        "nonsense",
        SAMPLED.upper(),
        SAMPLED + "-more",
        SAMPLED[:-1],
        SAMPLED.replace("00-", "ff-", 1),
        f"00-{'0' * 32}-b7ad6b7169203331-01",
        f"00-{TRACE_ID}-{'0' * 16}-01",
        "é" * 55,
    ],
)
def test_a_malformed_parent_is_ignored(malformed: str, host: Host, collector: Collector) -> None:
    name = f"malformed-{abs(hash(malformed))}"
    assert call(host, name, traceparent=malformed).status == 200
    server, *_ = collector.of(name)
    assert server.trace_id.hex() != TRACE_ID and not server.parent_span_id


def test_a_parent_of_a_later_version_is_taken(host: Host, collector: Collector) -> None:
    assert call(host, "later", traceparent=SAMPLED.replace("00-", "cc-", 1) + "-x").status == 200
    server, *_ = collector.of("later")
    assert server.trace_id.hex() == TRACE_ID


def test_errors_are_told_without_their_messages(host: Host, collector: Collector) -> None:
    answer = call(host, "failing", "/v2/models/traced/predict/?fails=true")
    assert answer.status == 500
    server, *parts = collector.of("failing", 5)
    assert server.status.code == server.status.STATUS_CODE_ERROR
    assert told(server)["deepaas.error_id"] == answer.json()["id"]
    assert told(server)["error.type"]
    assert [one.name for one in parts] == PARTS[:4]
    assert parts[-1].status.code == server.status.STATUS_CODE_ERROR
    call(host, "invalid", "/v2/models/traced/predict/?seconds=x")
    server, *parts = collector.of("invalid", 4)
    assert server.status.code == 0 and told(server)["http.response.status_code"] == 422
    assert [one.name for one in parts] == PARTS[:3]
    assert b"a secret of the model" not in b"".join(collector.bodies)


def test_refusals_and_clients_that_leave(host: Host, collector: Collector) -> None:
    client.request(host.port, "GET", "/nowhere/x", headers={"X-Request-ID": "nowhere"})
    server, *_ = collector.of("nowhere")
    assert server.name == "GET" and told(server)["http.response.status_code"] == 404
    head = "POST /v2/models/traced/predict/?seconds=30 HTTP/1.1\r\nHost: localhost\r\n"
    with socket.create_connection(("127.0.0.1", host.port), timeout=60) as line:
        line.sendall(f"{head}X-Request-ID: leaving\r\n\r\n".encode())
        path = "/v2/models/traced/queue?request_id=leaving"
        wait_until(lambda: host.get(path).json()["place"] == 0, "it is asleep")
    server, *_ = collector.of("leaving")
    assert told(server)["error.type"] == "client_left"


def test_a_stream_ends_with_the_stream(host: Host, collector: Collector) -> None:
    path = "/v2/models/traced/predict/?seconds=0.2"
    assert call(host, "stream", path, accept="text/event-stream").status == 200
    server, *parts = collector.of("stream", 6)
    assert server.end_time_unix_nano - server.start_time_unix_nano > 200e6
    assert [one.name for one in parts] == PARTS


def test_health_checks_have_no_span(host: Host, collector: Collector) -> None:
    host.get("/healthz", headers={"X-Request-ID": "health"})
    call(host, "after-health")
    collector.of("after-health", 6)
    assert "health" not in [told(one).get("deepaas.request_id") for one in collector.spans]


@pytest.mark.parametrize("mode", ["hangs", "fails", "refuses"])
def test_a_dead_collector_delays_nothing(mode: str) -> None:
    with collecting() as collector:
        collector.mode = mode
        url = f"http://127.0.0.1:{free_port()}" if mode == "refuses" else collector.url
        variables = {
            "OTEL_BSP_SCHEDULE_DELAY": "10",
            "OTEL_BSP_MAX_QUEUE_SIZE": "64",
            "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "8",
            "OTEL_EXPORTER_OTLP_ENDPOINT": url,
        }
        with (
            environment(**variables),
            start_host(["prints"], "--no-ui", "--no-train-endpoint") as host,
        ):
            for _ in range(100):
                answer = host.get("/v2/models/")
                assert answer.status == 200 and answer.seconds < 1
            begin = time.monotonic()
            assert host.stop() == 0
            assert time.monotonic() - begin < 5
            told_count = host.log().count("spans cannot be sent")
            assert told_count == (0 if mode == "hangs" else told_count) <= 1
            assert "Traceback" not in host.log()


def test_sampling_by_ratio() -> None:
    with collecting() as collector:
        variables = {
            "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
            "OTEL_TRACES_SAMPLER_ARG": "0.0",
            "OTEL_SERVICE_NAME": "my-models",
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        }
        options = ["--log-format", "json", "--no-ui", "--no-train-endpoint"]
        with environment(**variables), start_host(["prints"], *options) as host:
            call(host, "dropped", "/v2/models/prints/predict/")
            call(host, "forced", "/v2/models/prints/predict/", traceparent=SAMPLED)
            assert host.stop() == 0
        collector.of("forced", 6)
        assert "dropped" not in [told(one).get("deepaas.request_id") for one in collector.spans]
        (resource,) = [one.resource for one in collector.requests[0].resource_spans]
        assert told(resource)["service.name"] == "my-models"
