"""Metrics by name, each with all its values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from deepaas.metrics.distribution import Distribution, Summary

Value = float | Distribution | Summary

Rows = list[tuple[tuple[str, ...], Value]]


class Kind(Enum):
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"
    SUMMARY = "summary"
    INFO = "info"


@dataclass
class Family:
    """A metric.

    Attributes:
        name: with the unit at its end, and without the ``_total`` of counters and the ``_info``
            of an info.
        text: one sentence for people.
        labels: their names.
        rows: the values of the labels, in the same order, with the value of the metric.
    """

    name: str
    kind: Kind
    text: str
    labels: tuple[str, ...] = ()
    rows: Rows = field(default_factory=list)

    def add(self, value: Value, *labels: str) -> None:
        self.rows.append((labels, value))


def joined(families: Iterable[Family]) -> list[Family]:
    """Those with the same name as one: doors may tell the same about themselves.

    Raises:
        ValueError: two of the same name differ.
    """
    found: dict[str, Family] = {}
    for each in families:
        first = found.setdefault(each.name, each)
        if first is each:
            continue
        if (first.kind, first.labels) != (each.kind, each.labels):
            raise ValueError(f"the metric {each.name} has two meanings")
        first.rows += each.rows
    return list(found.values())


def counted(
    name: str, text: str, labels: tuple[str, ...], counts: Mapping[tuple[str, ...], float]
) -> Family:
    return Family(name, Kind.COUNTER, text, labels, list(counts.items()))
