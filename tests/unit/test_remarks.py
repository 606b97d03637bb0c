"""What is said of a model that can be served, but not as its author thinks."""

from __future__ import annotations

import inspect
import linecache
import re
import textwrap
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import marshmallow
import pytest
from webargs import fields, validate

from deepaas.messages import Predict, RawRequest
from deepaas.runtime import defaults, failures
from deepaas.runtime.advice import advice
from deepaas.runtime.contract import LoadedModel, metadata_json
from deepaas.runtime.failures import CannotBeServed
from deepaas.runtime.odd_metadata import oddities
from deepaas.runtime.remarks import OFFERS_NOTHING
from deepaas.runtime.returns import missing_return
from deepaas.runtime.signatures import misspelt


def said(**functions: Any) -> list[str]:
    return LoadedModel("mine", types.SimpleNamespace(**functions), Path("/nowhere")).remarks()


def text() -> dict[str, fields.Field]:
    return {"text": fields.Str(required=True)}


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("predikt", "predict"),
        ("predict_", "predict"),
        ("trian", "train"),
        ("get_metadta", "get_metadata"),
        ("getMetadata", "get_metadata"),
        ("get_predict_arg", "get_predict_args"),
        ("get_predcit_args", "get_predict_args"),
        ("predictor", ""),
        ("warn", ""),
        ("strain_all", ""),
        ("get_model", ""),
    ],
)
def test_name(name: str, near: str) -> None:
    author = types.SimpleNamespace(**{name: lambda: None})
    assert dict(misspelt(author)) == ({name: near} if near else {})


def test_a_name_is_no_mistake_where_nothing_is_missing() -> None:
    assert said(predict=dict, predikt=dict) == []


def test_arguments_that_do_not_fit() -> None:
    assert said(predict=lambda text: text, get_predict_args=text) == []
    assert said(predict=lambda **kwargs: kwargs, get_predict_args=text) == []
    (cannot,) = said(predict=lambda: "", get_predict_args=text)
    assert cannot.startswith("predict cannot take the argument 'text'")
    (needs,) = said(train=lambda epochs: epochs)
    assert needs.startswith("train(epochs) takes arguments, but get_train_args() does not exist")
    assert "def get_train_args(): return {'epochs': fields.Str(required=True)}" in needs


def two() -> dict[str, fields.Field]:
    return {"x": fields.Int(required=True), "y": fields.Int(load_default=1)}


@pytest.mark.parametrize(
    ("predict", "declared", "fix"),
    [
        (lambda args: args, text, "def predict(text), or def predict(**args) for a dict of all"),
        (lambda args: args, two, "def predict(x, y), or def predict(**args) for a dict of all"),
        (
            lambda txt, k=1: (txt, k),
            text,
            "def predict(text, k=1), or call 'text' 'txt' in get_predict",
        ),
        (lambda a, b: (a, b), two, "def predict(x, y)"),
        (lambda a, y: (a, y), two, "def predict(y, x)"),
    ],
)
def test_other_names_are_one_mistake_with_one_proposal(
    predict: Any, declared: Any, fix: str
) -> None:
    (sentence,) = said(predict=predict, get_predict_args=declared)
    taken = next(iter(inspect.signature(predict).parameters))
    assert sentence.startswith(f"predict takes '{taken}'")
    assert "arguments are passed by name: no call works" in sentence
    assert f"; write {fix}" in sentence


def test_default_of_results_is_no_default_of_arguments() -> None:
    def declared() -> dict[str, fields.Field]:
        return {"n": fields.Int(dump_default=3)}

    (sentence,) = said(predict=lambda n: n, get_predict_args=declared)
    assert sentence == (
        "default=3 (dump_default) of 'n' has no effect on arguments; write load_default=3"
    )


def test_marshmallow_4_has_no_default() -> None:
    error = TypeError("Field.__init__() got an unexpected keyword argument 'default'")
    assert advice(error) == "write load_default= instead of default="


def test_declaration_that_is_not_returned() -> None:
    def declared() -> None:
        text()

    author = types.SimpleNamespace(predict=lambda text: text, get_predict_args=declared)
    with pytest.raises(CannotBeServed) as error:
        LoadedModel("mine", author, Path("/nowhere"))
    place = f"({__file__}:{declared.__code__.co_firstlineno})"
    assert str(error.value).startswith(
        f"get_predict_args {place} returned None, not a dict of fields: is a 'return' missing? "
        "Write return {'text': fields.Str(required=True)}"
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (fields.Int(load_default="x"), "3"),
        (fields.Float(load_default="x"), "0.5"),
        (fields.Date(load_default="x"), "datetime.date(2026, 1, 31)"),
        (fields.List(fields.Int(), load_default="x"), "[]"),
        (fields.Dict(load_default="x"), "{}"),
        (fields.Url(load_default=3), "'https://example.org'"),
    ],
)
def test_default_of_another_type_has_an_example(field: fields.Field, value: str) -> None:
    wrong = defaults.problem("a", marshmallow.Schema.from_dict({"a": field})().fields["a"])
    assert wrong is not None
    assert wrong.fix == f"use a value that {type(field).__name__} accepts, for example {value}"


def test_a_misspelt_declaration_is_one_mistake() -> None:
    (sentence,) = said(predict=lambda a, b: a + b, get_predit_args=text)
    assert sentence.startswith("get_predit_args() is never called. Did you mean get_predict_args")
    (sentence,) = said(predict=lambda a=1: a, get_predit_args=text)
    assert sentence == "get_predit_args() is never called. Did you mean get_predict_args()?"


def test_a_call_that_does_not_fit_is_explained_instead_of_our_frames() -> None:
    def take(txt: Any) -> Any:
        return txt

    author = types.SimpleNamespace(predict=take, get_predict_args=text, train=take)
    model = LoadedModel("mine", author, Path("/nowhere"))
    calls: tuple[tuple[str, Callable[[], Any]], ...] = (
        ("predict", lambda: model.predict(Predict(0, RawRequest()), {"text": ""}, print)),
        ("train", lambda: model.train(0, {})),
    )
    for function, call in calls:
        with pytest.raises(CannotBeServed) as error:
            call()
        told = failures.failure(0, error.value)
        assert told.message.startswith("TypeError: ")
        assert re.search(r"(keyword argument 'text'|positional argument: 'txt')", told.message)
        assert told.traceback.startswith(function)
        assert "File" not in told.traceback


def test_a_function_that_wants_arguments_and_gets_none_is_explained() -> None:
    author = types.SimpleNamespace(warm=lambda device: device, get_metadata=lambda name: name)
    model = LoadedModel("mine", author, Path("/nowhere"))
    calls: dict[str, Callable[[], Any]] = {"warm": model.warm, "get_metadata": model.metadata}
    for name, call in calls.items():
        with pytest.raises(CannotBeServed, match=rf"{name} is called without arguments \(missing"):
            call()


def test_a_call_that_fails_inside_has_its_traceback() -> None:
    author = types.SimpleNamespace(predict=lambda x=None, **_: x + 1, get_predict_args=text)
    model = LoadedModel("mine", author, Path("/nowhere"))
    with pytest.raises(TypeError, match="unsupported operand"):
        model.predict(Predict(0, RawRequest()), {"text": ""}, print)


def test_self_that_is_too_many_or_missing() -> None:
    (needs,) = said(predict=lambda self, text: (self, text), get_predict_args=text)
    assert "remove self from def predict(…)" in needs

    class Model:
        def get_predict_args(self) -> dict[str, fields.Field]:
            return text()

        def predict(text) -> str:  # noqa: N805
            return str(text)

    (cannot,) = LoadedModel("mine", Model(), Path("/nowhere")).remarks()
    assert "write def predict(self, …)" in cannot


def test_arguments_that_may_be_left_out() -> None:
    def declared() -> dict[str, fields.Field]:
        return {"text": fields.Str(), "least": fields.Int(load_default=1)}

    (sentence,) = said(predict=lambda text, least: text * least, get_predict_args=declared)
    assert "needs 'text', which clients may leave out" in sentence


def test_default_that_is_invalid() -> None:
    def declared() -> dict[str, fields.Field]:
        return {"width": fields.Int(load_default=20, validate=validate.Range(1, 10))}

    (sentence,) = said(predict=lambda width: width, get_predict_args=declared)
    assert sentence.startswith("the default of 'width', 20, is invalid: Must be greater")


def test_default_that_cannot_be_described() -> None:
    def declared() -> dict[str, fields.Field]:
        return {
            "a": fields.Float(required=True),
            "b": fields.Float(load_default="one"),
        }

    author = types.SimpleNamespace(predict=lambda a, b: a + b, get_predict_args=declared)
    with pytest.raises(CannotBeServed) as error:
        LoadedModel("mine", author, Path("/nowhere")).describe()
    line = declared.__code__.co_firstlineno + 3
    assert f"({__file__}:{line}): the default of 'b', 'one', is invalid" in str(error.value)
    assert failures.traceback_text(error.value) == ""


def test_predict_that_returns_nothing() -> None:
    def forgets(text: str) -> Any:
        result = text + "!"
        (lambda: result)()

    def raises(text: str) -> Any:
        raise NotImplementedError(text)

    def yields(text: str) -> Any:
        yield from text

    def branches(text: str) -> Any:
        if text:
            return text
        return None

    (sentence,) = said(predict=forgets, get_predict_args=text)
    assert sentence.startswith("predict does not return anything")
    for other in (raises, yields, branches, dict, lambda text: print(text)):
        assert said(predict=other, get_predict_args=text) == []


def run(source: str, returns: str = "") -> Any:
    """A function `predict` whose source can be read."""
    names: dict[str, Any] = {}
    declared = f" -> {returns}" if returns else ""
    head = f"from __future__ import annotations\ndef predict(a){declared}:\n"
    text = f"{head}{textwrap.indent(source, '    ')}\n"
    file = f"<predict of line {len(linecache.cache)}>"
    linecache.cache[file] = (len(text), None, text.splitlines(True), file)
    exec(compile(text, file, "exec"), names)
    return names["predict"]


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("if a:\n    return 1", 2),
        ("if a:\n    return 1\nelse:\n    print(a)", 5),
        ("if a:\n    print(a)\nelse:\n    return 1", 3),
        ("for b in a:\n    if b:\n        return b", 2),
        ("try:\n    return a + 1\nexcept TypeError:\n    print(a)", 5),
        ("match a:\n    case 1:\n        return 1", 2),
        ("while True:\n    if a:\n        return 1\n    break", 2),
        ("with a:\n    if a:\n        return 1", 3),
        ("while a:\n    return 1", 2),
        ("try:\n    return a\nfinally:\n    print(a)", 0),
        ("if a:\n    return 1\nreturn 2", 0),
        ("if a:\n    return 1\nreturn None", 0),
        ("if a:\n    return 1\nraise ValueError", 0),
        ("if a:\n    return 1\nelse:\n    return 2", 0),
        ("if a:\n    return 1\nsys.exit(1)", 0),
        ("while True:\n    if a:\n        return 1", 0),
        ("for b in a:\n    if b:\n        return b\nelse:\n    raise KeyError", 0),
        ("match a:\n    case 1:\n        return 1\n    case _:\n        return 2", 0),
        ("try:\n    return a + 1\nexcept TypeError:\n    raise", 0),
        ("if a:\n    return\nprint(a)", 0),
        ("with a:\n    return 1", 0),
        ("if a:\n    yield 1", 0),
    ],
)
def test_return_that_is_missing_on_some_path(source: str, line: int) -> None:
    predict = run(source)
    sentences = [
        one
        for one in said(predict=predict, get_predict_args=lambda: {"a": fields.Int(required=True)})
        if "can end here" in one
    ]
    file = predict.__code__.co_filename
    told = f"{file}:{line + 1}: predict can end here without a return: clients get null; return a "
    assert [one[: len(told)] for one in sentences] == ([told] if line else [])


def test_return_that_may_be_none() -> None:
    for returns in ("str | None", "Optional[str]", "'None | str'"):
        assert missing_return(run("if a:\n    return a", returns)) is None
    assert missing_return(run("if a:\n    return a", "str")) is not None


def test_none_that_is_returned() -> None:
    author = types.SimpleNamespace(predict=lambda text: print(text), get_predict_args=text)
    model = LoadedModel("mine", author, Path("/nowhere"))
    answer = model.predict(Predict(0, RawRequest()), {"text": ""}, print)
    assert answer.remark.startswith("predict returned None")


def test_what_is_no_function() -> None:
    assert said(predict=3) == ["predict is int, not a function: it is never called"]


def test_decorator_that_hides_what_is_taken() -> None:
    def inner() -> None:
        """Takes nothing."""

    (cannot,) = said(predict=inner, get_predict_args=text)
    assert "let its decorator pass them on: def inner(*args, **kwargs)" in cannot


def test_no_function_at_all() -> None:
    (sentence,) = said()
    assert sentence.startswith("it has none of the functions get_metadata, ")


def test_odd_metadata() -> None:
    assert list(oddities({"name": 5, 3: 4, "version": None, "author": ["Ada"]})) == [
        "'name' is of the type int, not str",
        "the key 3 is of the type int, not str: clients get '3'",
    ]


@pytest.mark.parametrize(
    ("returned", "told"),
    [
        (None, "it returned None, not a dict: is a 'return' missing?"),
        (["mine"], "it returned list, not a dict"),
    ],
)
def test_metadata_that_is_no_dict(returned: Any, told: str) -> None:
    author = types.SimpleNamespace(get_metadata=lambda: returned)
    with pytest.raises(CannotBeServed) as error:
        LoadedModel("mine", author, Path("/nowhere")).metadata()
    assert str(error.value) == told
    assert re.fullmatch(rf"{re.escape(__file__)}:\d+", error.value.details)


def test_method_without_self() -> None:
    class Model:
        def get_predict_args() -> dict[str, fields.Field]:  # type: ignore[misc]
            return text()

        def predict(self, text: str) -> str:
            return text

    with pytest.raises(CannotBeServed) as error:
        LoadedModel("mine", Model(), Path("/nowhere"))
    said_by_python = "Model.warm() takes 0 positional arguments but 1 was given"
    assert advice(TypeError(said_by_python)) == "write def warm(self)"
    assert str(error.value) == (
        "get_predict_args is called with its object, but takes nothing. "
        "Write def get_predict_args(self)"
    )


def test_neither_predict_nor_train() -> None:
    assert said(get_metadata=dict) == [OFFERS_NOTHING]
    assert said(warm=print, get_predict_args=text) == [
        OFFERS_NOTHING,
        "it has get_predict_args, but no predict",
    ]
    assert said(train=dict) == []


def test_metadata_that_is_not_json_is_named() -> None:
    with pytest.raises(CannotBeServed, match="'labels' in its result: it cannot be sent as JSON"):
        metadata_json({"name": "mine", "labels": object()})
