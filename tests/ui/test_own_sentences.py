"""The page says in its own words what is wrong, not in those of a library's exception."""

import pytest

from deepaas.client.description import Argument
from deepaas.client.errors import InvalidArguments
from deepaas.ui import bodies, input_values


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ('{"a":\n 1,}', "Invalid JSON at line 2, column 4."),
        ("[" * 100_000, "Invalid JSON: a number is too long, or it is nested too deeply."),
        ("1" * 5000, "Invalid JSON: a number is too long, or it is nested too deeply."),
    ],
)
def test_json_on_the_page(given: str, said: str) -> None:
    with pytest.raises(InvalidArguments) as caught:
        input_values.read([Argument("x", "object")], [given])
    assert caught.value.fields == {"x": [said]}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "The body is not valid JSON."),
        (b'{"n": "x"}', "The body does not match the format of this page."),
    ],
)
def test_body_of_the_page(body: bytes, said: str) -> None:
    with pytest.raises(bodies.UnfitBody) as caught:
        bodies.decode(body, dict[str, int])
    assert str(caught.value) == said
