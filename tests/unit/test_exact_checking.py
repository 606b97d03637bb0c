"""What the checker makes of arguments is what marshmallow makes of them, whatever comes."""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Callable, Sequence
from typing import Any

import marshmallow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import validate
from support.storm_size import chosen
from webargs import fields

from deepaas.kinds.cog.worker.fields import Object, Pattern, Whole
from deepaas.messages import RawRequest, Values
from deepaas.runtime.arguments import Arguments
from deepaas.runtime.places import MalformedBody

CASES = chosen(1_000, 100_000)
"""Beside thousands for each that are always the same."""

CASES_PER_SEED = 50

SHAPES = ("{0}", "[{0}]", '{{"a":{0}}}', '{{"x":1,"b":{0}}}')
"""In which each oddity is given to each kind of field."""

SHAPES_PER_FIELD = chosen(1, len(SHAPES))
"""Of each kind of field there are more than a dozen, which take turns."""

NUMBERS = (
    *(
        "0",
        "-0",
        "0.0",
        "-0.0",
        "1",
        "2",
        "3",
        "-1",
        "1.0",
        "2.5",
        "0.1",
        "1e2",
        "1E5",
        "1e-7",
        "10",
    ),
    *(
        "9007199254740993",
        "18446744073709551616",
        "-9223372036854775809",
        "1e22",
        "5e-324",
        "1e-400",
    ),
    *("123456789012345678.0", "4611686018427387904", "1.7976931348623157e308", "1e400", "-1e400"),
    *(
        "9" * 400,
        "9" * 4300,
        "9" * 4301,
        "0." + "3" * 800,
        "NaN",
        "Infinity",
        "-Infinity",
        "01",
        "1.",
    ),
)
TEXTS = (
    *(
        '""',
        '"a"',
        '"b"',
        '"abc"',
        '"1"',
        '"2.5"',
        '"true"',
        '"no"',
        '"nan"',
        '"\\u0061"',
        '"a\\n"',
    ),
    *(
        '"\\ud800"',
        '"\\udc00"',
        '"\\ud83d\\ude00"',
        '"😀😀"',
        '"\\u0000"',
        '"\x7f"',
        '"\x01"',
        '"é"',
    ),
    *('"\\ud800\\u0041"', '"{\\"a\\": 1}"', '"a\\/b"', '"\\x"', '"\n"', '"aaaa"', '" a"'),
)
OTHERS = ("true", "false", "null", "[]", "{}", "[1]", '{"a":1}', "[[1.5,null]]", "nul", "", "'a'")
DEEP = "[" * 500 + "]" * 500
ATOMS = (*NUMBERS, *TEXTS, *OTHERS, DEEP)
SPACES = ("", "", "", " ", "\n\t ", "\r", "\x0b", "\ufeff")
ODD_VALUES = (
    *(
        b"a",
        [b"\xff"],
        (1, 2),
        [(1.5,)],
        {1: 2},
        {"a": (1,)},
        float("nan"),
        float("inf"),
        [float("-inf")],
    ),
    *({"x": float("nan")}, {"a": b"b"}, 10**400, [True], {"x": 1, "label": b"a"}, "\ud800"),
)
DAMAGE = (
    b"\xff",
    b"\x00",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b'"',
    b",",
    b"}",
    b"/**/",
    b"\\",
    b" ",
)


class Point(marshmallow.Schema):
    x = fields.Float(required=True)
    y = fields.Integer(load_default=3, validate=validate.Range(min=0))
    label = fields.String(allow_none=True, validate=validate.Length(max=3))


class Tolerant(marshmallow.Schema):
    class Meta:
        unknown = marshmallow.EXCLUDE

    points = fields.List(fields.Nested(Point))
    more = fields.Dict()


class Renamed(marshmallow.Schema):
    x = fields.Float(data_key="X")
    y = fields.Float(attribute="why")


class Hooked(marshmallow.Schema):
    x = fields.Float()

    @marshmallow.pre_load
    def doubled(self, data: Any, **_: Any) -> Any:
        return {"x": data["x"] * 2} if isinstance(data, dict) and "x" in data else data


class Odd(marshmallow.fields.Float):
    """A field of an author's own."""

    def _deserialize(self, value: Any, *others: Any, **options: Any) -> Any:
        return [super()._deserialize(value, *others, **options)]


ranges = [
    [validate.Range(min=0, max=10)],
    [validate.Range(min=0.5, max_inclusive=False, max=2.5)],
    [validate.Range(min=0, min_inclusive=False)],
    [validate.Range(max=2**63)],
    [validate.Range(min=-(10**400))],
    [validate.Range(min=0), validate.Range(max=3)],
    [validate.Range(min=float("nan"))],
]
lengths = [
    [validate.Length(min=1, max=2)],
    [validate.Length(equal=2)],
    [validate.Length(max=0)],
    [validate.Length(min=-1)],
    [validate.Length(min=1), validate.Length(max=2)],
]
choices = [
    [validate.OneOf(["a", "b", "😀😀"])],
    [validate.OneOf("abc")],
    [validate.OneOf([1, 2, 2**64])],
    [validate.OneOf([1, 2])],
    [validate.OneOf([True, "a"])],
    [validate.OneOf([1.0, 2.5])],
    [validate.OneOf([])],
    [validate.Equal("a")],
    [validate.Equal(1)],
    [validate.NoneOf(["a", 1])],
    [lambda value: value != "b"],
]
patterns = [
    [validate.Regexp("a|b")],
    [validate.Regexp("^a+$")],
    [validate.Regexp("A", 2)],
    [validate.Regexp("(?i)A")],
    [validate.Regexp("(?x) a # b")],
    [validate.Regexp(r"(a)\1")],
    [Pattern("b")],
    [validate.Regexp("a"), validate.Length(max=2)],
]


def options(*validators: list[list[Any]]) -> list[dict[str, Any]]:
    return [
        *({}, {"required": True}, {"allow_none": True}, {"load_default": None}),
        *({"load_default": "?"}, {"load_default": list}, {"data_key": "é"}),
        *({"attribute": "other"}, {"attribute": "a.b"}, {"metadata": {"location": "json"}}),
        *({"metadata": {"location": "query"}}, {"dump_only": True}),
        *({"validate": one} for some in validators for one in some),
        *({"validate": one, "allow_none": True} for some in validators for one in some[:1]),
    ]


def made(kind: Any, *args: Any, **more: Any) -> list[Callable[[], fields.Field]]:
    validators = more.pop("validators", ())
    return [lambda one=one: kind(*args, **more, **one) for one in options(*validators)]  # type: ignore[misc]


FIELDS: dict[str, list[Callable[[], fields.Field]]] = {
    "float": [
        *made(fields.Float, validators=(ranges, choices)),
        *made(fields.Float, allow_nan=True, validators=(ranges,)),
    ],
    "integer": [
        *made(fields.Integer, validators=(ranges, choices)),
        *made(fields.Integer, strict=True),
    ],
    "whole": made(Whole, validators=(ranges, choices)),
    "boolean": [
        *made(fields.Boolean, validators=(choices,)),
        *made(fields.Boolean, truthy={"a"}),
        *made(fields.Boolean, truthy=[], falsy=[]),
        *made(fields.Boolean, truthy={0}, falsy={1}),
    ],
    "string": made(fields.String, validators=(lengths, choices, patterns)),
    "raw": [*made(fields.Raw, validators=(choices,)), *made(fields.Raw, allow_none=True)[:1]],
    "list": [
        *made(fields.List, fields.Float(), validators=(lengths,)),
        *made(fields.List, fields.Integer(allow_none=True, validate=validate.Range(min=0))),
        *made(fields.List, fields.String(validate=validate.OneOf(["a", "b"]))),
        *made(fields.List, fields.String(validate=validate.Regexp("a"))),
        *made(fields.List, fields.Raw(allow_none=True))[:4],
        *made(fields.List, fields.Raw())[:4],
        *made(fields.List, Odd())[:4],
        *made(fields.DelimitedList, fields.Integer())[:4],
    ],
    "nested list": [
        *made(fields.List, fields.List(fields.Float(), validate=validate.Length(min=1))),
        *made(fields.List, fields.List(fields.List(Whole(), allow_none=True))),
    ],
    "dict": [
        *made(fields.Dict, validators=(lengths,)),
        *made(fields.Dict, values=fields.Float()),
        *made(fields.Dict, keys=fields.String(validate=validate.Length(max=1))),
        *made(fields.Dict, keys=fields.String(validate=validate.OneOf(["a"])))[:4],
        *made(fields.Dict, keys=fields.String(validate=validate.Regexp("b")))[:4],
        *made(fields.Dict, keys=fields.Integer(), values=fields.Boolean())[:4],
    ],
    "object": made(Object, validators=(lengths,)),
    "tuple": [
        *made(fields.Tuple, (fields.Float(), fields.String(allow_none=True))),
        *made(fields.Tuple, (fields.List(fields.Integer()), Odd()))[:4],
        *made(fields.Tuple, ())[:4],
    ],
    "nested": [
        *made(fields.Nested, Point),
        *made(fields.Nested, {"a": fields.Float(), "b": fields.List(fields.Nested(Point))}),
        *made(fields.Nested, Tolerant)[:4],
        *made(fields.Nested, Point, unknown=marshmallow.INCLUDE)[:4],
        *made(fields.Nested, Point, many=True)[:4],
        *made(fields.Nested, Point(many=True))[:4],
        *made(fields.Nested, Renamed)[:4],
        *made(fields.Nested, Hooked)[:4],
        *made(fields.List, fields.Nested(Point, allow_none=True))[:4],
        *made(fields.List, fields.Nested(Point), validators=(lengths,)),
        *made(fields.Dict, values=fields.Nested(Point))[:4],
        *made(fields.Tuple, (fields.Nested(Point), fields.Raw(allow_none=True)))[:4],
    ],
    "alone": [
        *(*made(fields.Date)[:5], *made(fields.UUID)[:5], *made(fields.Email)[:3]),
        *(*made(Odd, validators=(ranges,)), *made(fields.Decimal)[:3], *made(fields.Url)[:3]),
    ],
}  # fmt: skip


class Generator:
    """Random texts of JSON, the same for the same seed.

    Hypothesis gives the seeds: its own strategies take ten times as long for each text.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.one_of = self._random.choice

    def happens_once_in(self, count: int) -> bool:
        return self._random.randrange(count) == 0

    def body(self, field: Any) -> bytes:
        name = json.dumps(field.data_key or "x", ensure_ascii=self.happens_once_in(2))
        count = self.one_of([1, 1, 1, 1, 2, 0])
        pairs = [f"{name}:{self.text(field)}" for _ in range(count)]
        if self.happens_once_in(10):
            pairs.append(
                self.one_of(['"y":1', '"z":"b"', '"y":[]', '"o":1', '"o":"\\ud800"', '"o":-'])
            )
        text = f"{{{','.join(pairs)}}}"
        if self.happens_once_in(20):
            text = self.text(field)
        body = text.encode("utf-8", "surrogatepass")
        if self.happens_once_in(8):
            place = self._random.randint(0, len(body))
            rest = self.one_of([body[place:], body[place + 1 :], b""])
            body = body[:place] + self.one_of(DAMAGE) + rest
        return body

    def text(self, field: Any) -> str:
        """JSON of such a value, more often than not; every now and then anything else."""
        if self.happens_once_in(12):
            return self.one_of(ATOMS)
        space = self.one_of(SPACES) if self.happens_once_in(10) else ""
        match field:
            case fields.List():
                return f"[{space}{','.join(self._texts([field.inner] * self._few()))}]{space}"
            case fields.Tuple():
                return f"[{space}{','.join(self._texts(field.tuple_fields))}]"
            case fields.Mapping():
                names = [self.one_of(["a", "b", "\\u0061", "1", ""]) for _ in range(self._few())]
                values = self._texts([field.value_field or fields.Raw()] * len(names))
                pairs = [
                    f'"{name}":{space}{value}' for name, value in zip(names, values, strict=True)
                ]
                return f"{{{','.join(pairs)}{space}}}"
            case fields.Nested():
                made = self._nested(field.schema.fields)
                return f"[{made},{made}]" if field.schema.many else made
            case fields.Boolean():
                return self.one_of(["true", "false"])
            case fields.Integer():
                return str(self._integer())
            case fields.Number():
                return json.dumps(self._number())
            case fields.String():
                return self.one_of([self.one_of(TEXTS), json.dumps(self._characters())])
        return self.one_of(ATOMS)

    def _texts(self, members: Sequence[Any]) -> list[str]:
        return [self.text(member) for member in members]

    def _nested(self, members: dict[str, Any]) -> str:
        names = self._random.sample(sorted(members), min(self._few(), len(members)))
        if "x" in members and self.happens_once_in(2):
            names.append("x")
        pairs = [f'"{name}":{self.text(members[name])}' for name in names]
        if self.happens_once_in(8):
            pairs.append(f'"other":{self.one_of(ATOMS)}')
        return f"{{{','.join(pairs)}}}"

    def _few(self) -> int:
        return self._random.randint(0, 3)

    def _integer(self) -> int:
        bits = self.one_of([7, 31, 33, 63, 64, 65, 200])
        return self.one_of(
            [self._random.randint(-3, 12), self._random.randint(-(2**bits), 2**bits)]
        )

    def _number(self) -> float:
        any_bits: float = struct.unpack("d", self._random.randbytes(8))[0]
        short = round(self._random.uniform(-3, 12), self._few())
        return self.one_of([any_bits, short, self._integer()])

    def _characters(self) -> str:
        highest = self.one_of([0x7F, 0xFF, 0xFFFF, 0x10FFFF])
        codes = [self._random.randint(0, highest) for _ in range(self._few())]
        return "".join(chr(code) for code in codes)


def outcome(arguments: Arguments, inputs: RawRequest | Values) -> str:
    try:
        # A text shows types, the order of names, and signs of zeros.
        return f"value {arguments.load(inputs)!r}"
    except marshmallow.ValidationError as error:
        return f"messages {json.dumps(error.messages)}"
    except MalformedBody as error:
        return f"malformed {error.fields!r}"
    except Exception as error:
        return f"{type(error).__name__} {error}"


def pair(make: Callable[[], fields.Field]) -> tuple[Arguments, Arguments]:
    """With the checker, and by marshmallow alone; a few arguments more beside the one."""
    both = []
    for _ in range(2):
        more = {"y": fields.Integer(load_default=1), "z": Odd(), "w": fields.String()}
        both.append(Arguments({"x": make(), **more}))
    for name in ("_checker_of_bodies", "_checker_of_values"):
        setattr(both[1], name, None)
    return both[0], both[1]


@pytest.mark.parametrize("kind", FIELDS)
def test_checker_says_what_marshmallow_says(kind: str) -> None:
    pairs = [pair(make) for make in FIELDS[kind]]
    compared = {"checked": 0, "all": 0}

    @settings(max_examples=CASES // CASES_PER_SEED, deadline=None)
    @given(st.integers(0, 2**64))
    def compare(seed: int) -> None:
        generator = Generator(seed)
        for _ in range(CASES_PER_SEED):
            checked, old = generator.one_of(pairs)
            field = checked.schema.fields["x"]
            body = generator.body(field)
            query = generator.one_of(["", "", "", "", "x=1", "y=2&z=1", "y=a"])
            inputs = RawRequest(query=query, body=body, body_kind="json")
            expected = outcome(old, inputs)
            assert outcome(checked, inputs) == expected, (field, body, query)
            compared["all"] += 1
            compared["checked"] += expected.startswith("value")
            values = given_values(body, generator)
            if values is not None:
                given = Values(values)
                assert outcome(checked, given) == outcome(old, given), (field, values)

    compare()
    assert compared["all"] >= CASES
    assert compared["checked"] > compared["all"] / 20  # Not only what is refused.


@pytest.mark.parametrize("kind", FIELDS)
def test_each_oddity_is_the_same_for_each_field(kind: str) -> None:
    for turn, make in enumerate(FIELDS[kind]):
        checked, old = pair(make)
        field = checked.schema.fields["x"]
        name = json.dumps(field.data_key or "x")
        for number, atom in enumerate(ATOMS, turn):
            for shape in range(number, number + SHAPES_PER_FIELD):
                value = SHAPES[shape % len(SHAPES)].format(atom)
                body = f"{{{name}:{value}}}".encode("utf-8", "surrogatepass")
                inputs = RawRequest(body=body, body_kind="json")
                assert outcome(checked, inputs) == outcome(old, inputs), (field, body)
        for odd in ODD_VALUES:
            values = Values({field.data_key or "x": odd})
            assert outcome(checked, values) == outcome(old, values), (field, odd)


def given_values(body: bytes, generator: Generator) -> dict[str, Any] | None:
    """As other doors hand them over, with what JSON has not."""
    try:
        values = json.loads(body.decode())
    except (ValueError, RecursionError):
        return None
    if isinstance(values, dict) and generator.happens_once_in(8):
        values["x"] = generator.one_of(ODD_VALUES)
    return values if isinstance(values, dict) else None
