"""What is said about names in a request that no argument has."""

from __future__ import annotations

from webargs import fields

from deepaas.messages import Inputs, RawRequest, Values
from deepaas.runtime.arguments import Arguments
from deepaas.runtime.unknown_names import LOOKS_LIKE_JSON, MAX_NAMES_COUNT, messages, notice

ARGUMENTS = Arguments(
    {
        "a": fields.Float(load_default=1.0),
        "beam_size": fields.Int(load_default=1),
        "token": fields.Str(metadata={"location": "headers"}),
    }
)


def ignored(inputs: Inputs) -> dict[str, str]:
    ARGUMENTS.load(inputs)
    assert not hasattr(inputs, "codec")
    return inputs.ignored


def test_each_place_is_looked_at() -> None:
    said = "unknown argument, did you mean 'beam_size'?"
    expected = {"beamsize": said}
    assert ignored(RawRequest(query="a=2&beamsize=3")) == expected
    assert ignored(RawRequest(body=b"beamsize=3", body_kind="form")) == expected
    assert ignored(RawRequest(form=[("beamsize", "3")])) == expected
    assert ignored(RawRequest(body=b'{"beamsize":3}', body_kind="json")) == expected
    json = RawRequest(query="beamsize=3", body=b'{"a":3}', body_kind="json")
    assert ignored(json) == expected
    assert ignored(Values({"a": 3, "beamsize": 3})) == expected


def test_known_ones_are_not_told() -> None:
    for body in (b"{}", b'{"a":1,"beam_size":"2"}', b"[]"):
        assert ignored(RawRequest(query="a=1", body=body, body_kind="json")) == {}
    assert ignored(RawRequest(query="a=1", headers={"token": "x", "other": "y"})) == {}


def test_other_places_and_other_names() -> None:
    assert ignored(RawRequest(query="token=x")) == {"token": "this argument is read from headers"}
    assert ignored(RawRequest(query="nothing=x")) == {"nothing": "unknown argument"}
    # It is not the one that was given.
    assert ignored(RawRequest(query="a=1&aa=2")) == {"aa": "unknown argument"}


def test_json_that_was_sent_as_a_form() -> None:
    for body in (b'{"a": 1, "b": "x=y"}', b" [1, 2]"):
        assert ignored(RawRequest(body=body, body_kind="form")) == {"form": LOOKS_LIKE_JSON}


def test_little_is_told_of_much() -> None:
    said = ignored(RawRequest(query="&".join(f"{n}{'x' * 1000}=1" for n in range(100))))
    assert len(said) == MAX_NAMES_COUNT
    assert len(notice(said)) < 500


def test_a_notice_fits_into_a_header() -> None:
    said = ignored(RawRequest(query="%0d%0aSet-Cookie:%20a=1&%C3%A4=2"))
    assert notice(said) == (
        r"ignored '\r\nSet-Cookie: a': unknown argument; ignored '\xe4': unknown argument"
    )


def test_messages_are_those_with_advice() -> None:
    said = {"aa": "unknown argument, did you mean 'a'?", "b": "unknown argument", "token": "x"}
    assert messages(said) == {"aa": ["Unknown argument, did you mean 'a'?"], "token": ["X."]}
