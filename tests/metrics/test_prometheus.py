"""A real Prometheus scrapes a real host; our alerts and the dashboard ask for what exists."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
from support import client
from support.host import Host, free_port
from support.waiting import wait_until

pytestmark = pytest.mark.xdist_group("metrics")

ETC = Path(__file__).parents[2] / "etc"
ALERTS = ETC / "prometheus" / "alerts.yml"
DASHBOARD = ETC / "grafana" / "deepaas.json"

CONFIG = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [{alerts}]
scrape_configs:
  - job_name: deepaas
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""

NOT_HERE = ("deepaas_gpu", 'key!=""')
"""What a host without GPUs and keys cannot tell."""


def promtool(*arguments: str | Path) -> None:
    done = subprocess.run(
        ["promtool", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ETC / "prometheus",
    )
    assert done.returncode == 0, done.stdout + done.stderr


class Prometheus:
    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}/api/v1"

    def ask(self, path: str, **options: str) -> Any:
        try:
            with urlopen(f"{self._url}/{path}?{urlencode(options)}", timeout=20) as answer:
                return json.load(answer)["data"]
        except HTTPError as error:
            assert error.code == 503, f"{options}: {error.read()!r}"
        except URLError:
            pass
        return None  # It is starting.

    def query(self, text: str) -> list[Any]:
        found = self.ask("query", query=text)
        return [] if found is None else list(found["result"])


@contextmanager
def prometheus(folder: Path, host_port: int) -> Iterator[Prometheus]:
    port = free_port()
    config = folder / "prometheus.yml"
    config.write_text(CONFIG.format(alerts=ALERTS, port=host_port))
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(
            [
                *("prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder}/data"),
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=log,
            stderr=log,
        )
    try:
        yield Prometheus(port)
    finally:
        process.kill()
        process.wait()


def test_alerts() -> None:
    """`alerts_test.yml` has a test of each."""
    promtool("check", "rules", ALERTS)
    promtool("test", "rules", "alerts_test.yml")
    names = set(re.findall(r"- alert: (\w+)", ALERTS.read_text()))
    tests = (ALERTS.parent / "alerts_test.yml").read_text()
    fired = re.findall(r"alertname: (\w+)\n +exp_alerts:\n +- exp_labels", tests)
    assert sorted(fired) == sorted(names)
    assert set(re.findall(r"alertname: (\w+), exp_alerts: \[\]", tests)) == names


def dashboard_queries() -> list[str]:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    found = [target["expr"] for panel in panels for target in panel.get("targets", ())]
    for name, value in (("$instance", ".*"), ("$model", ".*"), ("$__rate_interval", "5m")):
        found = [query.replace(name, value) for query in found]
    return found


def alert_metrics() -> set[str]:
    return set(re.findall(r"\b(?:deepaas|process)_[a-z_]+", ALERTS.read_text()))


def test_a_dashboard_that_shows_what_there_is(host: Host, tmp_path: Path) -> None:
    assert host.predict("measures", values="1").status == 200
    assert host.predict("no-such-model").status == 404
    started = host.get("/v2/models/measures/train/")
    assert started.status == 200
    assert client.request(host.port, "POST", "/v2/models/measures/train/").status == 200
    queries = [one for one in dashboard_queries() if not any(text in one for text in NOT_HERE)]
    assert len(queries) > 35
    with prometheus(tmp_path, host.port) as told:
        wait_until(lambda: told.query('count_over_time(up{job="deepaas"}[1m]) >= 3'), "it scrapes")
        assert told.query("up")[0]["value"][1] == "1"
        (target,) = told.ask("targets")["activeTargets"]
        assert target["lastError"] == ""
        empty = set(queries)

        def shown() -> bool:
            empty.difference_update([query for query in [*empty] if told.query(query)])
            return not empty

        try:
            wait_until(shown, "each query has a result", 20)
        except AssertionError:
            raise AssertionError(f"nothing is found by {empty}") from None
        known = set(told.ask("label/__name__/values"))
        assert alert_metrics() <= known
        shown_metrics = {
            name
            for query in dashboard_queries()
            for name in re.findall(r"\b(?:deepaas|process)_[a-z_]+", query)
        }
        assert {name for name in shown_metrics if not name.startswith("deepaas_gpu")} <= known
        groups = told.ask("rules")["groups"]
        assert all(rule["health"] in ("ok", "unknown") for one in groups for rule in one["rules"])
        # In the format that Prometheus itself has asked for.
        assert told.query('scrape_samples_scraped{job="deepaas"} > 100')
