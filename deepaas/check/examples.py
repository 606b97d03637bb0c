"""Calls ``predict`` with the examples of the package, as the host does."""

from __future__ import annotations

import copy
import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import marshmallow
import msgspec

from deepaas.check.arguments import Declared
from deepaas.check.session import Session
from deepaas.client.calls import ClientCall, FileToSend, predict_call
from deepaas.client.description import Argument
from deepaas.client.description import Model as Described
from deepaas.client.examples import MAX_BYTES, MAX_COUNT, MAX_FILE_BYTES, data_url
from deepaas.messages import Inputs, News, Predict, RawRequest, Upload
from deepaas.runtime.contract import LoadedModel
from deepaas.runtime.failures import reason
from deepaas.runtime.json_values import BadResult
from deepaas.runtime.odd_results import RETURNED_NONE
from deepaas.runtime.places import MalformedBody
from deepaas.runtime.results import BreaksSchema
from deepaas.runtime.traits import own_predict

_ODD = {RETURNED_NONE: "return the result"}
_AS_DECLARED = "return what is declared, or change the declaration"


class Examples:
    def __init__(
        self,
        session: Session,
        described: Described,
        declared: Declared,
        author: Any,
        model: LoadedModel,
        place: str,
    ) -> None:
        self._session = session
        self._described = described
        self._declared = declared
        self._place = place
        self.good: list[dict[str, Any]] = []
        self._told: set[tuple[str, str]] = set()
        self._author = author
        self._model = model
        self._mutable = {
            name: copy.deepcopy(field.load_default)
            for name, field in declared.fields.items()
            if isinstance(field.load_default, (list, dict, set))
        }

    def check(self, examples: Any, call: bool) -> None:
        if not isinstance(examples, list):
            problem = f"examples is {type(examples).__name__}, not a list"
            self._tell("examples-not-a-list", "", problem)
            return
        if len(examples) > MAX_COUNT:
            self._session.note(
                f"only the first {MAX_COUNT} examples were checked: the page shows no more"
            )
        left = MAX_BYTES
        for number, example in enumerate(examples[:MAX_COUNT]):
            name = f"examples[{number}]"
            if not isinstance(example, Mapping):
                self._tell("examples-not-a-list", name, f"is {type(example).__name__}, not a dict")
                continue
            values = dict(self._values(name, example, left))
            left -= sum(map(_size, values.values()))
            for number_of_type, media_type in enumerate(self._media_types(example, number)):
                inputs = _inputs(predict_call(self._described, values, media_type))
                arguments = self._arguments(name, inputs, tell=number_of_type == 0)
                if arguments is not None and call:
                    self._call(name, arguments, media_type)

    def call_with_defaults(self) -> None:
        """Call ``predict`` as for a request without arguments, for each media type."""
        for media_type in self._media_types({}, 0):
            inputs = _inputs(predict_call(self._described, {}, media_type))
            arguments = self._arguments("its defaults", inputs, tell=False)
            if arguments is not None:
                self._call("its defaults", arguments, media_type)

    def _values(
        self, name: str, example: Mapping[str, Any], left: int
    ) -> Iterator[tuple[str, Any]]:
        known = {argument.name: argument for argument in self._described.predict or ()}
        for key, value in example.items():
            argument = known.get(str(key))
            if argument is None:
                if key != "accept":
                    near = difflib.get_close_matches(str(key), known, 1)
                    fix = (
                        f"did you mean {near[0]!r}?"
                        if near
                        else "remove it, or declare the argument"
                    )
                    text = f"has a value for the unknown argument {key!r}"
                    self._tell("example-unknown-argument", name, text, fix)
            elif argument.kind == "file":
                upload = self._file(name, argument, value, left)
                if upload is not None:
                    yield argument.name, [upload] if argument.many else upload
            elif value is not None:
                yield argument.name, value

    def _file(self, name: str, argument: Argument, value: Any, left: int) -> FileToSend | None:
        content, suffix = data_url(value)
        fix = 'write it as "data:image/png;base64,…"'
        if content is None:
            self._tell("example-file", name, f"{argument.name!r} is not a data URL", fix)
            return None
        if len(content) > min(left, MAX_FILE_BYTES):
            limits = f"{MAX_FILE_BYTES // 1024} KiB per file, {MAX_BYTES // 1024} KiB in total"
            text = f"{argument.name!r} is too large for the try-me page ({limits})"
            self._tell("example-file", name, text, "use a smaller file")
            return None
        path = self._session.spool / f"{len(list(self._session.spool.iterdir()))}{suffix}"
        path.write_bytes(content)
        return FileToSend(path, f"example{suffix}")

    def _media_types(self, example: Mapping[str, Any], number: int) -> tuple[str, ...]:
        """Try the first example with every media type, the others with one."""
        if self._described.accept is not None and isinstance(example.get("accept"), str):
            return (example["accept"],)
        offered = self._described.media_types
        return offered if number == 0 else offered[:1]

    def _arguments(self, name: str, inputs: Inputs, *, tell: bool) -> dict[str, Any] | None:
        try:
            return self._model.predict_arguments(inputs)
        except marshmallow.ValidationError as error:
            messages = error.normalized_messages()  # type: ignore[no-untyped-call]
            told = "; ".join(f"{key!r}: {_words(value)}" for key, value in messages.items())
        except MalformedBody as error:
            told = _words(error.fields)
        except Exception as error:
            told = reason(error)
        if tell:
            fix = "correct the example, or the validators"
            self._tell("example-invalid", name, f"is invalid: {told}", fix)
        return None

    def _call(self, name: str, arguments: dict[str, Any], media_type: str) -> None:
        model = self._model
        if self._described.accept is None:
            doing = f"calling predict with {name}"
        else:
            doing = f"calling predict with {name} for {media_type}"
        before, kept = copy.copy(arguments), self._kept(arguments)
        outcome = self._session.run(
            f"call:{name}:{media_type}",
            doing,
            lambda: model.complete(Predict(0, RawRequest()), before, _ignored),
            self._place,
        )
        if isinstance(outcome.error, BadResult):
            self._tell_result(doing, outcome.error)
        elif outcome.error is not None:
            where = self._session.places.of_error(outcome.error)
            said = reason(outcome.error)
            fix = "fix this line, or the example"
            self._once("predict-fails", where or self._place, doing, f"raises {said}", fix)
        elif outcome.good and outcome.value.remark:
            self._tell_odd(doing, outcome.value.remark)
        if outcome.good and kept is not None:
            self.good.append(kept)
        self._look_at_defaults(doing)

    def _kept(self, arguments: dict[str, Any]) -> dict[str, Any] | None:
        """A copy of arguments to be used again; None if that is not possible, or not needed."""
        if self._model.way is None or len(self.good) >= MAX_COUNT:
            return None
        try:
            return copy.deepcopy(arguments)
        except Exception:
            return None

    def _tell_result(self, doing: str, error: BadResult) -> None:
        place = self._session.places.of_function(self._predict_function()) or self._place
        if isinstance(error, BreaksSchema):
            told = f"{error.broken.problem}, so clients get no result"
            fix = error.broken.advice(self._session.schema_place)
            self._once("result-breaks-schema", place, doing, told, fix, alike=error.broken.fix)
        else:
            fix = "return JSON values; for another media type return str, bytes or an open file"
            told = str(error)
            if not told.startswith("result "):
                told = f"the result cannot be sent: {told}"
            self._once("result-not-sendable", place, doing, told, fix)

    def _tell_odd(self, doing: str, remark: str) -> None:
        if any(one.code == "nothing-returned" for one in self._session.found):
            return  # That is why.
        place = self._session.places.of_function(self._predict_function()) or self._place
        problem, _, fix = remark.partition(". ")
        fix = f"{fix[:1].lower()}{fix[1:]}" or _ODD.get(remark, _AS_DECLARED)
        self._once("result-odd", place, doing, problem, fix)

    def _look_at_defaults(self, doing: str) -> None:
        for name, before in list(self._mutable.items()):
            field = self._declared.fields[name]
            if field.load_default != before:
                del self._mutable[name]
                self._session.add(
                    "default-changed",
                    self._session.places.of_function(self._predict_function()) or self._place,
                    f"{doing} changed the default of {name!r} from {before!r} to "
                    f"{field.load_default!r}, which later calls use",
                    f"change a copy, or use load_default=lambda: {before!r}",
                )

    def _predict_function(self) -> Any:
        return own_predict(self._author)

    def _once(
        self, code: str, where: str, doing: str, what: str, fix: str, alike: str = ""
    ) -> None:
        """Report a problem of several calls only for the first of them; ``alike`` tells whether
        it is the same one, ``what`` by default."""
        if (code, alike or what) not in self._told:
            self._told.add((code, alike or what))
            self._session.add(code, where, f"{doing}: {what}", fix)

    def _tell(self, code: str, name: str, what: str, fix: str = "") -> None:
        fix = fix or 'write "examples": [{"argument": value, …}, …]'
        self._session.add(code, self._place, f"{name} {what}".strip(), fix)


def _inputs(call: ClientCall) -> RawRequest:
    form: list[tuple[str, Any]] = []
    for name, value in call.form:
        if isinstance(value, FileToSend):
            upload = Upload(str(value.content), value.name, value.media_type)
            form.append((name, upload))
        else:
            form.append((name, value))
    return RawRequest(
        query=urlencode(call.query),
        form=form,
        body=b"" if call.body is None else msgspec.json.encode(call.body),
        body_kind="" if call.body is None else "json",
        headers={name.lower(): value for name, value in call.headers.items()},
        cookies=call.cookies,
    )


def _size(value: Any) -> int:
    (one,) = value if isinstance(value, list) and len(value) == 1 else [value]
    is_file = isinstance(one, FileToSend) and isinstance(one.content, Path)
    return one.content.stat().st_size if is_file else 0


def _words(messages: Any) -> str:
    if isinstance(messages, Mapping):
        return "; ".join(f"{key!r}: {_words(value)}" for key, value in messages.items())
    if isinstance(messages, list):
        return " ".join(_words(message) for message in messages)
    return str(messages)


def _ignored(_news: News) -> None:
    """Ignore news before the result."""
