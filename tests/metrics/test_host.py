"""What a real host tells about what has happened."""

from __future__ import annotations

import json
import re
import signal
import time
from http.client import HTTPConnection
from pathlib import Path

import pytest
from cog_door.door import receiver
from support.client import Upload
from support.host import Host, start_host
from support.waiting import wait_until

from .scraped import OPEN, Scraped, complaints, parsed, scrape

pytestmark = pytest.mark.xdist_group("metrics")

MODEL = "measures"
PREDICT = "/v2/models/{name}/predict/"


def post(host: Host, path: str, body: object) -> int:
    connection = HTTPConnection("127.0.0.1", host.port, timeout=30)
    connection.request(
        "POST",
        path,
        json.dumps(body),
        {"Content-Type": "application/json", "Prefer": "respond-async"},
    )
    status = connection.getresponse().status
    connection.close()
    return status


def grown(host: Host, before: Scraped, name: str, by: float, **labels: str) -> None:
    """Wait until a number has grown by so much."""

    def now() -> float:
        return sum(scrape(host).samples(name, **labels)) - sum(before.samples(name, **labels))

    wait_until(lambda: now() >= by, f"{name} {labels} has grown by {by}")
    assert now() == by


def test_requests_of_all_kinds(host: Host) -> None:
    before = scrape(host)
    assert host.predict(MODEL, values="1").status == 200
    assert host.predict(MODEL, die="x").status == 422
    assert host.predict("secret-of-a-client").status == 404
    assert host.get("/no/such/secret-of-a-client").status == 404
    connection = HTTPConnection("127.0.0.1", host.port)
    connection.request("PROPFIND", "/healthz")
    assert connection.getresponse().status == 405
    connection.close()

    grown(host, before, "deepaas_requests_total", 1, route=PREDICT, model=MODEL, code="200")
    grown(host, before, "deepaas_requests_total", 1, route=PREDICT, model=MODEL, code="422")
    grown(host, before, "deepaas_requests_total", 1, route=PREDICT, model="", code="404")
    grown(host, before, "deepaas_requests_total", 1, method="other", code="405")
    grown(host, before, "deepaas_errors_total", 1, model=MODEL, error="invalid_arguments")
    grown(host, before, "deepaas_errors_total", 1, door="v2", error="model_not_found")
    name = "deepaas_request_duration_seconds_count"
    grown(host, before, name, 2, door="v2", route=PREDICT, model=MODEL)
    assert "secret" not in scrape(host).text.lower()


def test_calls_and_the_queue(host: Host) -> None:
    before = scrape(host)
    first = host.begin("gated", label="one", gate="open")
    wait_until(lambda: "start one" in host.journal(), "it runs")
    second = host.begin("gated", label="two", gate="open")
    wait_until(lambda: host.readiness("gated")["queued_count"] == 1, "it waits")
    assert host.predict("gated", label="three").status == 503

    now = scrape(host)
    assert now.value("deepaas_calls_running", model="gated") == 1
    assert now.value("deepaas_queue_length", model="gated") == 1
    assert now.value("deepaas_queue_limit", model="gated") == 1
    assert now.value("deepaas_requests_running") == 3
    grown(host, before, "deepaas_calls_total", 1, model="gated", outcome="queue_full")
    grown(host, before, "deepaas_errors_total", 1, model="gated", error="queue_full")

    host.touch("open")
    assert (first.result().status, second.result().status) == (200, 200)
    grown(host, before, "deepaas_calls_total", 2, model="gated", outcome="succeeded")
    grown(host, before, "deepaas_queue_seconds_count", 2, model="gated")
    grown(host, before, "deepaas_run_seconds_count", 2, model="gated")
    assert scrape(host).value("deepaas_queue_length", model="gated") == 0


def test_calls_that_have_waited_too_long(host: Host) -> None:
    before = scrape(host)
    first = host.begin("gated", label="long", gate="much later")
    wait_until(lambda: "start long" in host.journal(), "it runs")
    assert host.predict("gated", headers={"X-DEEPaaS-Timeout": "0.01"}, label="late").status == 503
    host.touch("much later")
    assert first.result().status == 200
    grown(host, before, "deepaas_calls_total", 1, model="gated", outcome="queue_timed_out")
    grown(host, before, "deepaas_errors_total", 1, model="gated", error="queue_timeout")
    grown(host, before, "deepaas_queue_seconds_count", 1, model="gated")
    assert scrape(host).value("deepaas_queue_length", model="gated") == 0


def test_clients_that_leave(host: Host) -> None:
    before = scrape(host)
    connection = HTTPConnection("127.0.0.1", host.port)
    connection.request("POST", "/v2/models/gated/predict/?label=left&gate=never")
    wait_until(lambda: "start left" in host.journal(), "it runs")
    connection.close()

    grown(host, before, "deepaas_requests_total", 1, model="gated", code="499")
    grown(host, before, "deepaas_calls_total", 1, model="gated", outcome="cancelled")


def test_workers_that_end(host: Host) -> None:
    before = scrape(host)
    assert host.predict(MODEL, die=int(signal.SIGSEGV)).status == 500
    assert host.predict(MODEL, die=int(signal.SIGKILL)).status == 500
    assert host.predict("gated", label="late", gate="never").status == 504

    grown(host, before, "deepaas_worker_restarts_total", 1, model=MODEL, reason="died")
    grown(host, before, "deepaas_worker_restarts_total", 1, model=MODEL, reason="killed")
    grown(host, before, "deepaas_worker_restarts_total", 1, model="gated", reason="timed_out")
    grown(host, before, "deepaas_calls_total", 2, model=MODEL, outcome="died")
    grown(host, before, "deepaas_calls_total", 1, model="gated", outcome="timed_out")
    host.wait_until_ready()
    now = scrape(host)
    assert now.value("deepaas_workers", model=MODEL, state="ready") == 1
    assert now.value("deepaas_workers", model=MODEL) == 1
    assert now.value("deepaas_model_status", model=MODEL, status="ready") == 1
    assert now.value("deepaas_model_load_seconds", model=MODEL) > 0
    assert now.value("deepaas_worker_resident_memory_bytes", model=MODEL) > 10e6


def test_numbers_of_the_author(host: Host) -> None:
    assert host.predict(MODEL, values="0.5", names="60").status == 200
    assert host.predict(MODEL, values="0.25").status == 200

    now = scrape(host)
    labels = {"model": MODEL, "name": "confidence"}
    assert now.value("deepaas_model_measurement_count", **labels) >= 2
    assert now.value("deepaas_model_measurement_sum", **labels) >= 0.75
    assert len(now.samples("deepaas_model_measurement_count", model=MODEL)) == 51
    assert now.value("deepaas_model_measurement_count", model=MODEL, name="other") == 11
    for wrong in ("text", "nan"):
        answer = host.predict(MODEL, bad=wrong)
        assert answer.status == 500
    host.wait_for_log("measurement 'bad' is nan: it must be finite")
    assert not scrape(host).samples("deepaas_model_measurement_count", name="bad")


def test_the_version_that_the_author_says(host: Host) -> None:
    (sample,) = [
        sample
        for sample in scrape(host).families["deepaas_model_info"].samples
        if sample.labels["model"] == MODEL
    ]
    assert sample.labels == {"model": MODEL, "version": '1.0 "beta"\n', "kind": "entry_point"}


def test_uploads_and_connections(host: Host) -> None:
    before = scrape(host)
    assert host.predict(MODEL, upload=Upload(3_000_000)).status == 200
    grown(host, before, "deepaas_upload_files_total", 1)
    grown(host, before, "deepaas_upload_bytes_total", 3_000_000)
    assert scrape(host).value("deepaas_connections") >= 1


def test_training_runs(host: Host) -> None:
    before = scrape(host)
    for fail in (False, True):
        assert post(host, f"/v2/models/{MODEL}/train/", {"fail": fail}) == 200
    grown(host, before, "deepaas_trainings_ended_total", 1, model=MODEL, state="done")
    grown(host, before, "deepaas_trainings_ended_total", 1, model=MODEL, state="error")
    now = scrape(host)
    assert now.value("deepaas_training_seconds_count", model=MODEL) == 2
    assert now.value("deepaas_training_available") == 1
    assert now.value("deepaas_state_free_bytes") > 0


def test_webhooks_and_kept_predictions(host: Host) -> None:
    before = scrape(host)
    with receiver() as receiving:
        body = {"input": {"values": [1]}, "webhook": f"{receiving.url}/told"}
        assert post(host, f"/cog/{MODEL}/predictions", body) == 202
        receiving.wait("/told", "succeeded")
    name = "deepaas_webhooks_total"
    sent = sum(one.path == "/told" for one in receiving.received)
    grown(host, before, name, sent, door="cog", outcome="sent")


def test_the_host_itself(host: Host) -> None:
    now = scrape(host)
    assert now.value("process_resident_memory_bytes") > 10e6
    assert now.value("process_cpu_seconds_total") > 0
    assert 0 < now.value("process_open_fds") < now.value("process_max_fds")
    assert abs(now.value("process_start_time_seconds") - time.time()) < 600
    wait_until(lambda: scrape(host).value("deepaas_event_loop_lag_seconds_count") > 1, "looked")
    assert now.value("deepaas_build_info") == 1


def test_both_formats_and_their_rules(host: Host) -> None:
    """After all that has happened above: there are values of all metrics."""
    text = scrape(host)
    assert complaints(text.text) == ""
    answer = host.get("/metrics", headers={"Accept": OPEN})
    assert answer.headers["content-type"].startswith(OPEN)
    assert answer.headers["x-content-type-options"] == "nosniff"
    told = parsed(answer.body.decode(), is_open=True)
    names = {family.removesuffix("_info").removesuffix("_total") for family in text.families}
    assert {family.removesuffix("_info") for family in told.families} == names
    assert host.get("/metrics", headers={"Accept": "image/png"}).status == 200


def test_labels_are_few(host: Host) -> None:
    """Nothing in them grows with the number of requests."""
    allowed = {
        *("door", "route", "model", "method", "code", "key", "error", "outcome", "state"),
        *("reason", "status", "name", "version", "kind", "python", "le", "gpu", "uuid"),
        "direction",
    }
    now = scrape(host)
    labels = {
        (name, value)
        for family in now.families.values()
        for sample in family.samples
        for name, value in sample.labels.items()
    }
    assert {name for name, _ in labels} <= allowed
    for name, value in labels:
        assert not re.search(r"[0-9a-f]{16}", value), (name, value)
    keyed = {s.name for f in now.families.values() for s in f.samples if "key" in s.labels}
    assert keyed == {"deepaas_requests_total"}


def test_off(tmp_path: Path) -> None:
    """The path is not there, and nothing counts."""
    del tmp_path
    with start_host(["plain"], "--nometrics", "--notrain-endpoint", "--noui") as host:
        assert host.get("/metrics").status == 404
