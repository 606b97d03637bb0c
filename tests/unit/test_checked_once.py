"""What needs no marshmallow is not shown to it, and what needs it is."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import marshmallow
import msgspec
import pytest
from marshmallow import ValidationError, validate
from webargs import fields

from deepaas.kinds.cog.worker.fields import Object, Whole
from deepaas.messages import RawRequest, Upload, Values
from deepaas.runtime.arguments import Arguments
from deepaas.runtime.exact_types import Inexact, exact_type

NUMBERS = [number / 7 for number in range(784)]
MARSHMALLOW = str(Path(marshmallow.__file__).parent)


def steps_of_marshmallow(load: Callable[[], Any]) -> int:
    """How often a function of marshmallow's is called meanwhile."""
    count = 0

    def note(frame: FrameType, event: str, _: Any) -> None:
        nonlocal count
        count += event == "call" and frame.f_code.co_filename.startswith(MARSHMALLOW)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        load()
    finally:
        sys.setprofile(before)
    return count


def request(body: Any, **more: Any) -> RawRequest:
    return RawRequest(body=json.dumps(body).encode(), body_kind="json", **more)


class Seen(marshmallow.fields.Field):
    """Keeps what it was given."""

    def __init__(self, checked_as: Any = None, **options: Any) -> None:
        super().__init__(**options)
        self.given: list[Any] = []
        if checked_as is not None:
            self.checked_as = checked_as

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        self.given.append(value)
        if value == "wrong":
            raise ValidationError("It is wrong.")
        return value


def of(name: str, arguments: Arguments) -> Any:
    field = arguments.schema.fields[name]
    assert isinstance(field, Seen)
    return field.given


@pytest.mark.parametrize(
    "field",
    [
        fields.Float(validate=validate.Range(min=0)),
        fields.Integer(validate=validate.OneOf([1, 2])),
        fields.Boolean(allow_none=True),
        fields.String(validate=[validate.Length(max=3), validate.Regexp("a")]),
        fields.List(fields.List(fields.Float()), validate=validate.Length(equal=2)),
        fields.Dict(keys=fields.Str(validate=validate.Length(max=3)), values=fields.Int()),
        fields.Tuple((fields.Float(), fields.String())),
        fields.Nested({"a": fields.Float(required=True), "b": fields.Int(load_default=3)}),
        fields.Raw(allow_none=True),
        Whole(validate=validate.Range(min=0, max=9)),
        Object(),
    ],
)
def test_there_is_a_type_for_what_is_plain(field: Any) -> None:
    arguments = Arguments({"x": field})
    exact_type(arguments.schema.fields["x"])


@pytest.mark.parametrize(
    "field",
    [
        Seen(),
        type("Mine", (Whole,), {})(),
        fields.List(Seen()),
        fields.Float(validate=lambda _: True),
        fields.Float(validate=validate.Range(min=10**400)),
        fields.Integer(validate=validate.Range(max=0.5)),
        fields.String(validate=validate.OneOf("abc")),
        fields.String(validate=validate.Regexp("a", 2)),
        fields.Boolean(truthy={0}, falsy={1}),
        fields.Dict(keys=fields.Int()),
        fields.Nested({"a": fields.Float(load_default=list)}),
        fields.Nested({"a": fields.Float(data_key="b")}),
        fields.Raw(),
        fields.Raw(allow_none=True, metadata={"type": "file"}),
        fields.Date(),
    ],
)
def test_there_is_none_for_what_is_not(field: Any) -> None:
    arguments = Arguments({"x": field})
    with pytest.raises(Inexact):
        exact_type(arguments.schema.fields["x"])


def test_a_list_of_numbers_never_comes_to_marshmallow(tmp_path: Path) -> None:
    file = tmp_path / "body"
    file.write_bytes(json.dumps({"x": NUMBERS}).encode())
    arguments = Arguments({"x": fields.List(fields.Float(), required=True)})
    for inputs in (
        request({"x": NUMBERS}),
        RawRequest(body_path=str(file), body_kind="json"),
        Values({"x": NUMBERS, "other": 1}),
        Values(path=str(file)),
    ):
        assert arguments.load(inputs) == {"x": NUMBERS}
        assert steps_of_marshmallow(lambda: arguments.load(inputs)) == 0  # noqa: B023


def test_a_field_of_the_author_s_is_asked_alone() -> None:
    arguments = Arguments({"x": fields.List(fields.Float()), "seen": Seen(required=True)})
    assert arguments.load(request({"seen": 1, "x": NUMBERS})) == {"x": NUMBERS, "seen": 1}
    assert of("seen", arguments) == [1]
    both = request({"seen": 1, "x": NUMBERS})
    assert 0 < steps_of_marshmallow(lambda: arguments.load(both)) < 30


def test_it_writes_its_own_message_and_no_other_field_is_asked() -> None:
    arguments = Arguments({"a": Seen(), "x": fields.List(fields.Float()), "b": Seen(required=True)})
    refused = request({"a": "wrong", "x": NUMBERS})
    with pytest.raises(ValidationError) as error:
        arguments.load(refused)
    assert error.value.messages == {
        "a": ["It is wrong."],
        "b": ["Missing data for required field."],
    }
    assert of("a", arguments) == ["wrong"]


def test_what_is_refused_goes_to_marshmallow_which_writes_the_message() -> None:
    arguments = Arguments({"x": fields.List(fields.Float()), "n": fields.Int()})
    assert arguments.load(request({"x": 1, "n": "3"})) == {"x": [1.0], "n": 3}
    with pytest.raises(ValidationError) as error:
        arguments.load(request({"x": [1, "a", None], "n": 2}))
    assert error.value.messages == {
        "x": {1: ["Not a valid number."], 2: ["Field may not be null."]}
    }


def test_query_wins_and_headers_are_read() -> None:
    accept = fields.Str(validate=validate.OneOf(["text/plain"]), metadata={"location": "headers"})
    arguments = Arguments({"x": fields.Float(), "y": fields.Int(), "accept": accept})
    inputs = request({"x": 1, "y": 2}, query="x=3", headers={"accept": "text/plain"})
    assert arguments.load(inputs) == {"x": 3.0, "y": 2, "accept": "text/plain"}
    assert arguments.load(request({"x": 1}))["accept"] == "text/plain"


def test_a_body_in_another_charset_is_read_as_before() -> None:
    arguments = Arguments({"x": fields.Str()})
    body = '{"x": "é"}'.encode("latin-1")
    assert arguments.load(RawRequest(body=body, body_kind="json", charset="latin-1")) == {"x": "é"}


def test_files_among_values_are_there(tmp_path: Path) -> None:
    arguments = Arguments({"x": fields.Float(), "f": fields.Raw(metadata={"type": "file"})})
    upload = Upload(str(tmp_path / "a"), "a.txt", "text/plain")
    loaded = arguments.load(Values({"x": 1}, files=[("f", upload)]))
    assert (loaded["x"], loaded["f"].original_filename) == (1.0, "a.txt")


@pytest.mark.parametrize(
    ("checked_as", "seen"),
    [
        (msgspec.Raw, msgspec.Raw(b"[[1, 2.5]]")),
        (list[list[float]], [[1.0, 2.5]]),
        (Any, [[1, 2.5]]),
    ],
)
def test_a_field_says_as_what_its_json_is_decoded(checked_as: Any, seen: Any) -> None:
    arguments = Arguments({"x": fields.List(fields.Float()), "t": Seen(checked_as)})
    arguments.load(request({"x": NUMBERS, "t": [[1, 2.5]]}))
    (given,) = of("t", arguments)
    assert given == seen and type(given) is type(seen)
    assert checked_as is not list[list[float]] or type(given[0][0]) is float
    # With something else refused it sees the JSON, once, and nothing of what was tried.
    arguments.load(request({"x": ["1"], "t": [[1, 2.5]]}))
    assert [repr(one) for one in of("t", arguments)[1:]] == ["[[1, 2.5]]"]


def test_a_default_is_made_for_each_call() -> None:
    arguments = Arguments({"x": fields.List(fields.Float(), load_default=list), "y": fields.Int()})
    first, second = arguments.load(request({})), arguments.load(request({}))
    assert first == {"x": []}
    assert first["x"] is not second["x"]


def test_schemas_within_themselves_are_left_to_marshmallow() -> None:
    class Tree(marshmallow.Schema):
        inner = fields.List(fields.Nested(lambda: Tree()))

    arguments = Arguments({"x": fields.Nested(Tree)})
    value: dict[str, Any] = {"x": {"inner": [{"inner": []}, {}]}}
    assert arguments.load(request(value)) == value
