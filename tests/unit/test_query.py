"""Queries as the standard library reads them."""

from __future__ import annotations

from urllib.parse import parse_qsl

from hypothesis import example, given
from hypothesis import strategies as st
from marshmallow import missing

from deepaas.messages import RawRequest
from deepaas.runtime.places import RequestPlaces

_TEXT = st.text(st.sampled_from("ab&&==%+4;é\n "), max_size=20)


@given(_TEXT)
@example("a=1&a=2&b=%41+c&=&a")
@example("a=1&a=2&b&=x&&c==")
def test_a_query_is_read_as_the_library_reads_it(query: str) -> None:
    found = RequestPlaces(RawRequest(query=query), []).query
    expected: dict[str, list[str]] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        expected.setdefault(name, []).append(value)
    for name, values in expected.items():
        assert found.get(name, many=True) == values
        assert found.get(name, many=False) == values[0]
    assert found.get("other", many=True) is found.get("other", many=False) is missing
