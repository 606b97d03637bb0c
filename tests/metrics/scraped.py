"""The metrics of a host, read with the parser of Prometheus's own library."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field

from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as of_open_metrics
from prometheus_client.parser import text_string_to_metric_families as of_text
from support.host import Host

OPEN = "application/openmetrics-text; version=1.0.0"


@dataclass
class Scraped:
    text: str
    families: dict[str, Metric] = field(default_factory=dict)

    def value(self, name: str, /, **labels: str) -> float:
        """The sum of all samples with these labels; others may have any value."""
        found = self.samples(name, **labels)
        assert found, f"{name} {labels} is not told"
        return sum(found)

    def samples(self, name: str, /, **labels: str) -> list[float]:
        return [
            sample.value
            for family in self.families.values()
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        ]


def parsed(text: str, *, is_open: bool = False) -> Scraped:
    families = of_open_metrics(text) if is_open else of_text(text)  # type: ignore[no-untyped-call]
    return Scraped(text, {family.name: family for family in families})


def scrape(host: Host, path: str = "/metrics") -> Scraped:
    answer = host.get(path)
    assert answer.status == 200, answer.body
    return parsed(answer.body.decode())


def complaints(text: str) -> str:
    """What `promtool` finds wrong with a text, or that it breaks a rule of naming."""
    tool = subprocess.run(
        ["promtool", "check", "metrics"],
        input=text.encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    return tool.stdout.decode()
