"""Arguments as components, and values back."""

from typing import Any

import gradio as gr
import pytest

from deepaas.client.calls import FileToSend, predict_call
from deepaas.client.description import Argument, Model
from deepaas.client.errors import ClientError
from deepaas.ui.input_values import read
from deepaas.ui.inputs import component, components, form, label
from deepaas.ui.rare import rare


def of(kind: str, **options: Any) -> Argument:
    return Argument("x", kind, **options)


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        (of("file", description="an image"), gr.Image),
        (of("file", description="an audio"), gr.Audio),
        (of("file", description="a video"), gr.Video),
        (of("file", description="an image or a video"), gr.File),
        (of("file", description="an image #noparse"), gr.File),
        (of("file", description="images", many=True), gr.File),
        (of("string"), gr.Textbox),
        (of("password"), gr.Textbox),
        (of("string", choices=("a", "b")), gr.Dropdown),
        (of("integer", choices=(1, 2)), gr.Dropdown),
        (of("integer", minimum=1, maximum=9, default=2), gr.Slider),
        (of("integer", minimum=1, maximum=9), gr.Number),
        (of("number", minimum=1), gr.Number),
        (of("boolean"), gr.Checkbox),
        (of("date"), gr.DateTime),
        (of("datetime"), gr.DateTime),
        (of("object"), gr.Code),
        (of("array"), gr.Code),
        (of("any"), gr.Textbox),
    ],
)
def test_components(argument: Argument, expected: type) -> None:
    with gr.Blocks():
        assert type(component(argument)) is expected


def test_required_ones_are_marked() -> None:
    assert label(of("string", required=True)) == "x (required)"
    assert label(of("string")) == "x"


@pytest.mark.parametrize(
    ("argument", "given", "expected"),
    [
        (of("string"), "", {}),
        (of("string"), "a", {"x": "a"}),
        (of("string", default="a"), "a", {}),
        (of("string", default="a"), "", {"x": ""}),
        (of("string", default="a", required=True), "a", {"x": "a"}),
        (of("integer"), None, {}),
        (of("integer"), 3.0, {"x": 3}),
        (of("number"), 0.5, {"x": 0.5}),
        (of("boolean"), False, {}),
        (of("boolean", default=True), False, {"x": False}),
        (of("boolean", default=False), True, {"x": True}),
        (of("object"), "", {}),
        (of("object"), '{"a": 1}', {"x": {"a": 1}}),
        (of("object", default={"a": 1}), "{}", {"x": {}}),
        (of("array", default=[]), "[]", {}),
        (of("array"), "[1, 2]", {"x": [1, 2]}),
        (of("any"), "[1]", {"x": [1]}),
        (of("any"), "7", {"x": "7"}),
        (of("date"), "2026-01-02", {"x": "2026-01-02"}),
        (of("datetime"), "2026-01-02 03:04:05", {"x": "2026-01-02T03:04:05"}),
        (of("string", choices=("a", "b"), default="a"), "b", {"x": "b"}),
        (of("string", choices=("a", "b")), None, {}),
        (of("string", choices=("a", "b"), many=True, default=["a"]), [], {"x": []}),
        (of("file"), None, {}),
    ],
)
def test_values(argument: Argument, given: Any, expected: dict[str, Any]) -> None:
    assert read([argument], [given]) == expected


@pytest.mark.parametrize(
    ("argument", "given", "message"),
    [
        (of("string", required=True), "", "Missing"),
        (of("file", required=True), None, "Missing"),
        (of("integer"), 1.5, "integer"),
        (of("integer", minimum=1), 0, "1 or more"),
        (of("number", maximum=2), 3, "2 or less"),
        (of("number"), "many", "Not a number"),
        (of("object"), "{", "Invalid JSON"),
        (of("object"), "[]", "an object"),
        (of("array"), "{}", "a list"),
    ],
)
def test_values_that_do_not_fit(argument: Argument, given: Any, message: str) -> None:
    with pytest.raises(ClientError) as caught:
        read([argument], [given])
    assert message in caught.value.fields["x"][0]


def test_files() -> None:
    one, many = Argument("one", "file"), Argument("many", "file", many=True)
    found = read([one, many], ["/a/b.png", ["/c.txt", "/d.txt"]])
    assert [found["one"].name, *(upload.name for upload in found["many"])] == [
        "b.png",
        "c.txt",
        "d.txt",
    ]
    assert isinstance(found["one"], FileToSend)


def call(*arguments: Argument, **values: Any) -> Any:
    return predict_call(Model("m", "m", predict=arguments), values)


def test_places_of_values() -> None:
    sent = call(
        Argument("q", "string"),
        Argument("l", "array"),
        Argument("f", "boolean", place="formData"),
        Argument("h", "string", place="header"),
        Argument("c", "string", place="cookie"),
        q="a b",
        l=[1, 2],
        f=True,
        h="x",
        c="y",
    )
    assert sent.query == [("q", "a b"), ("l", "1"), ("l", "2")]
    assert sent.form == [("f", "true")]
    assert sent.headers["h"] == "x"
    assert sent.cookies == {"c": "y"}
    assert sent.body is None


def test_what_is_nested_goes_into_json() -> None:
    sent = call(Argument("q", "string"), Argument("o", "object"), q="a", o={"b": [1]})
    assert (sent.query, sent.body) == ([("q", "a")], {"o": {"b": [1]}})


def test_beside_a_file_json_is_text(tmp_path: Any) -> None:
    file = FileToSend(tmp_path / "f.png", "f.png")
    sent = call(
        Argument("f", "file", place="formData"), Argument("o", "object"), f=file, o={"b": 1}
    )
    assert (sent.query, sent.body, sent.form) == ([("o", '{"b": 1}')], None, [("f", file)])


def test_long_texts_do_not_stand_in_the_url() -> None:
    sent = call(Argument("q", "string"), q="x" * 9000)
    assert (sent.query, sent.form) == ([], [("q", "x" * 9000)])


def test_accept_stands_where_the_document_says() -> None:
    for place in ("header", "query", "formData"):
        accept = Argument("accept", "string", place=place)
        model = Model("m", "m", predict=(), accept=accept, media_types=("image/png",))
        sent = predict_call(model, {}, "image/png")
        assert sent.headers["Accept"] == "image/png"
        assert sent.query == ([("accept", "image/png")] if place == "query" else [])
        assert sent.form == ([("accept", "image/png")] if place == "formData" else [])


def test_no_arguments_no_components() -> None:
    with gr.Blocks():
        assert components([]) == []


def named(count: int, **options: Any) -> list[Argument]:
    return [Argument(f"{options}-{number}", "string", **options) for number in range(count)]


def test_optional_inputs_beyond_the_first_few_are_folded() -> None:
    assert not rare([*named(2, required=True), *named(6)])
    optional = named(10)
    folded = rare([*named(2, required=True), *optional])
    assert folded == {argument.name for argument in optional[4:]}
    assert not rare(named(20, required=True))
    files = [Argument(f"file-{number}", "file") for number in range(8)]
    assert rare([*files, *named(3)]) == {argument.name for argument in named(3)}


def test_what_is_wrong_in_a_folded_input_unfolds_it() -> None:
    arguments = [*named(1, required=True), *named(10)]
    with gr.Blocks():
        made = form(arguments)
    assert made.more is not None
    assert [c.label for c in made.components] == [label(argument) for argument in arguments]
    assert made.more not in made.complain({arguments[0].name: ["Wrong."]})
    updates = made.complain({arguments[-1].name: ["Wrong."]})
    assert updates[made.more]["open"]
    assert set(updates) <= set(made.complained)
