"""The two text formats, read by Prometheus's own parsers."""

from __future__ import annotations

import math

import pytest

from deepaas.metrics.distribution import BUCKETS, Distribution, Summary
from deepaas.metrics.exposition import OPEN_METRICS, PIECE_LINES, TEXT, rendered, wanted_format
from deepaas.metrics.families import Family, Kind, joined

from .scraped import Scraped, complaints, parsed

NASTY = 'a "quote", a \\ backslash,\na line, {braces}, é, \U0001f600, }'


def both(*families: Family) -> list[Scraped]:
    return [
        parsed("".join(rendered(families, how)), is_open=how.is_open)
        for how in (TEXT, OPEN_METRICS)
    ]


def test_each_kind() -> None:
    counter = Family("some_things", Kind.COUNTER, "Things.", ("kind",))
    counter.add(3, "a")
    counter.add(0, "b")
    gauge = Family("some_bytes", Kind.GAUGE, "Bytes, with a \\ and\na line.")
    gauge.add(2.5)
    info = Family("some", Kind.INFO, "Versions.", ("version",))
    info.add(1, "1.0")
    summary = Family("some_numbers", Kind.SUMMARY, "Numbers.", ("name",))
    values = Summary()
    values.add(-1.5)
    values.add(4)
    summary.add(values, "x")

    for told in both(counter, gauge, info, summary):
        assert told.value("some_things_total", kind="a") == 3
        assert told.value("some_things_total", kind="b") == 0
        assert told.value("some_bytes") == 2.5
        assert told.value("some_info", version="1.0") == 1
        assert told.value("some_numbers_count", name="x") == 2
        assert told.value("some_numbers_sum", name="x") == 2.5
        assert told.families["some_bytes"].documentation == "Bytes, with a \\ and\na line."
    text, _ = both(counter, gauge, info, summary)
    assert complaints(text.text) == ""


def test_buckets_include_their_bounds_and_what_is_below() -> None:
    durations = Distribution()
    for seconds in (0.0, 0.001, 0.0011, 60.0, 1800.0, 1800.1, 1e9):
        durations.add(seconds)
    family = Family("some_seconds", Kind.HISTOGRAM, "Times.", ("model",))
    family.add(durations, "m")

    for told in both(family):
        expected = {"0.001": 2, "0.0025": 3, "60.0": 4, "1800.0": 5, "+Inf": 7}
        for bound, count in expected.items():
            assert told.value("some_seconds_bucket", model="m", le=bound) == count
        assert told.value("some_seconds_count") == 7
        assert told.value("some_seconds_sum") == pytest.approx(1e9 + 3660.1021)
        assert len(told.samples("some_seconds_bucket")) == len(BUCKETS) + 1


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, 1e-300, 2**70, 0.1])
def test_numbers(value: float) -> None:
    gauge = Family("some", Kind.GAUGE, "Number.")
    gauge.add(value)
    for told in both(gauge):
        assert told.value("some") == pytest.approx(value, nan_ok=True)


@pytest.mark.parametrize("text", [NASTY, "", "\\", "\\n", '"', "\n", "\ud800"])
def test_no_text_breaks_out_of_a_label(text: str) -> None:
    gauge = Family("some", Kind.GAUGE, "Number.", ("name", "other"))
    gauge.add(1, text, "x")
    for told in both(gauge):
        (sample,) = told.families["some"].samples
        assert sample.labels["other"] == "x"
        assert sample.labels.get("name", "") == text.encode("utf-8", "replace").decode()


def test_exemplars_are_only_in_open_metrics() -> None:
    durations = Distribution()
    durations.add(0.02)
    durations.add_traced(0.03, "0af7651916cd43dd8448eb211c80319c")
    family = Family("some_seconds", Kind.HISTOGRAM, "Times.")
    family.add(durations)

    text, open_metrics = both(family)

    assert "0af7" not in text.text
    found = {
        sample.labels["le"]: sample.exemplar
        for sample in open_metrics.families["some_seconds"].samples
        if sample.exemplar
    }
    assert list(found) == ["0.05"]
    assert found["0.05"].labels == {"trace_id": "0af7651916cd43dd8448eb211c80319c"}
    assert found["0.05"].value == 0.03


def test_much_comes_in_pieces() -> None:
    gauge = Family("some", Kind.GAUGE, "Number.", ("name",))
    for number in range(10 * PIECE_LINES):
        gauge.add(number, str(number))
    pieces = list(rendered([gauge], TEXT))
    assert len(pieces) > 9
    assert len(parsed("".join(pieces)).samples("some")) == 10 * PIECE_LINES


def test_doors_that_tell_the_same() -> None:
    one, other = (Family("same", Kind.GAUGE, "Same.", ("door",), [((door,), 1)]) for door in "ab")
    (told,) = joined([one, other])
    assert told.rows == [(("a",), 1), (("b",), 1)]
    with pytest.raises(ValueError, match="the metric same has two meanings"):
        joined([one, Family("same", Kind.COUNTER, "Same.", ("door",))])


@pytest.mark.parametrize(
    ("accept", "is_open"),
    [
        ("", False),
        ("*/*", False),
        ("text/plain", False),
        ("application/openmetrics-text", True),
        # Prometheus 2 and 3.
        (
            "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;"
            "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            True,
        ),
        (
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;"
            "version=0.0.4;q=0.4,*/*;q=0.2",
            True,
        ),
        ("application/openmetrics-text;q=0.1, text/plain;q=0.9", False),
        ("application/openmetrics-text;version=9.0.0", False),
        ("application/openmetrics-text;q=x", False),
        ("application/openmetrics-text;q=nan", False),
        ("APPLICATION/OpenMetrics-Text ; Q=1", True),
        (";;,,=;q", False),
    ],
)
def test_which_format(accept: str, is_open: bool) -> None:
    assert wanted_format(accept).is_open is is_open
