"""The arguments of ``predict`` or ``train``: from the author's fields to a validated dict."""

from __future__ import annotations

import copy
import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import marshmallow
import msgspec
from marshmallow import fields, missing, validate

from deepaas.messages import Encoded, Inputs, RawRequest, Tensor, Values
from deepaas.model.v2.fields import Tensor as TensorField
from deepaas.model.v2.wrapper import UploadedFile
from deepaas.runtime.checker import CompiledChecker, checker_of
from deepaas.runtime.codecs import decoded
from deepaas.runtime.failures import CannotBeServed
from deepaas.runtime.media import ANY
from deepaas.runtime.old_libraries import dict2schema
from deepaas.runtime.places import (
    Collector,
    FormFile,
    RequestPlaces,
    may_be_in_body,
    names_by_place,
    takes_whole_body,
)
from deepaas.runtime.plain_tensors import InputFiles, NewFolder, value_of
from deepaas.runtime.traits import Take
from deepaas.runtime.unknown_names import ANYWHERE, UnknownNames
from deepaas.tensors.declared import said
from deepaas.tensors.dtypes import BadTensor

HIDDEN = "********"


class Arguments:
    """The arguments of one function. ``media_types`` are the choices of ``accept``, if declared;
    hosts ignore ``accept_default``, the author's default."""

    def __init__(self, declared: Mapping[str, Any], take: Take | None = None) -> None:
        """The author's fields are not changed; CannotBeServed if one of them is none."""
        for name, field in declared.items():
            if not isinstance(marshmallow_instance(field), fields.Field):
                raise CannotBeServed(
                    f"argument {name!r} is declared with {field!r}, which is not a "
                    f"webargs or marshmallow field: write {field_for(field)}"
                )
        self.schema: marshmallow.Schema = dict2schema(dict(declared))()
        # From here on, only the schema's own copies of the fields are changed.
        self.media_types: list[str] = []
        self.accept_default: Any = missing
        accept = self.schema.fields.get("accept")
        if accept is not None:
            self.accept_default = accept.load_default
            self.media_types = offer_media_types(accept)
        for field in self.schema.fields.values():
            require_files(field)
        self.locations = {field.metadata.get("location") for field in self.schema.fields.values()}
        self._in_bodies_only = all(map(may_be_in_body, self.schema.fields.values()))
        self._collector = Collector(self.schema)
        self._take = take
        self._fields = {field.data_key or name: field for name, field in self.schema.fields.items()}
        self._unknown_names = UnknownNames(names_by_place(self._fields))
        self._takes_whole_body = any(map(takes_whole_body, self._fields.values()))

    def load(self, inputs: Inputs, new_folder: NewFolder | None = None) -> dict[str, Any]:
        """Collect and validate them; raises ValidationError or MalformedBody. Sets ``ignored`` of
        the inputs. ``new_folder`` is called for the first file made from a tensor."""
        if isinstance(inputs, Encoded):
            inputs = decoded(inputs)
        if isinstance(inputs, Values):
            return self._of_values(inputs, new_folder)
        places = RequestPlaces(inputs, self.media_types)
        if inputs.body_kind == "json":
            loaded = self._of_body(inputs, places)
            if loaded is not None:
                return loaded
        found = self._collector.collect(places)
        inputs.ignored = self._ignored(inputs, places)
        # Only forms have files.
        return self._checked(found) if inputs.form else self._valid(found)

    def _ignored(self, inputs: RawRequest, places: RequestPlaces) -> dict[str, str]:
        among = self._unknown_names.among
        ignored = among("query", places.query.names()) if inputs.query else {}
        if inputs.form or inputs.body_kind == "form":
            ignored |= among("form", places.form.names())
        elif places.has_read_json and not self._takes_whole_body:
            body = places.json
            if isinstance(body, dict):
                ignored |= among("json", body)
        return ignored

    def _of_body(self, inputs: RawRequest, places: RequestPlaces) -> dict[str, Any] | None:
        """Arguments from a JSON body and other places; None if marshmallow must validate them."""
        checker = self._checker_of_bodies
        if checker is None or inputs.form or inputs.charset.lower() != "utf-8":
            return None
        others = {}
        if inputs.query or not self._in_bodies_only:
            others = self._collector.collect(places, json=False)
            inputs.ignored = self._ignored(inputs, places)
        return checker.of_json(places.body(), others)

    def _of_values(self, values: Values, new_folder: NewFolder | None) -> dict[str, Any]:
        taken = values.checked and self._take is not None
        if not taken and not values.files and not values.tensors:
            loaded = self._of_plain_values(values)
            if loaded is not None:
                return loaded
        found = values.given
        if values.path:
            found = msgspec.json.decode(Path(values.path).read_bytes())
        found = self._of_known_names(found, values)
        for name, upload in values.files:
            file = FormFile(name, upload)
            if not isinstance(self._fields.get(name), fields.List):
                found[name] = file
            else:
                found.setdefault(name, []).append(file)
        if values.tensors:
            taken &= self._add_tensors(found, values.tensors, InputFiles(new_folder))
        if taken:
            assert self._take is not None
            return self._with_uploads(self._take(found))
        return self._checked(found)

    def _add_tensors(
        self, found: dict[str, Any], tensors: list[tuple[str, Tensor]], files: InputFiles
    ) -> bool:
        """False if a tensor became another value, which has not been validated."""
        all_stay = True
        faults: dict[str, list[str]] = {}
        for name, tensor in tensors:
            field = self._fields.get(name)
            if field is None or isinstance(field, TensorField):
                found[name] = tensor
                continue
            if isinstance(field, fields.List) and isinstance(field.inner, TensorField):
                found.setdefault(name, []).append(tensor)
                continue
            all_stay = False
            try:
                found[name] = value_of(name, tensor, field, is_file_argument(field), files)
            except BadTensor as error:
                faults[name] = [str(error)]
        if faults:
            raise marshmallow.ValidationError(faults)
        return all_stay

    def _of_plain_values(self, values: Values) -> dict[str, Any] | None:
        checker = self._checker_of_values
        if checker is None:
            return None
        if values.path:
            return checker.of_json(Path(values.path).read_bytes())
        return checker.of_values(self._of_known_names(values.given, values))

    def _of_known_names(self, given: dict[str, Any], values: Values) -> dict[str, Any]:
        known = {name: value for name, value in given.items() if name in self._fields}
        if len(known) != len(given):
            values.ignored = self._unknown_names.among(ANYWHERE, given)
        return known

    # Both are created when first used: most models only get one kind of request.

    @functools.cached_property
    def _checker_of_bodies(self) -> CompiledChecker | None:
        if self._takes_whole_body:
            return None
        return checker_of(self.schema, may_be_in_body)

    @functools.cached_property
    def _checker_of_values(self) -> CompiledChecker | None:
        return checker_of(self.schema, lambda _: True)

    def _valid(self, found: dict[str, Any]) -> dict[str, Any]:
        loaded: dict[str, Any] = self.schema.load(found)
        return loaded

    def _checked(self, found: dict[str, Any]) -> dict[str, Any]:
        return self._with_uploads(self._valid(found))

    @staticmethod
    def _with_uploads(loaded: dict[str, Any]) -> dict[str, Any]:
        for name, value in loaded.items():
            if isinstance(value, FormFile):
                loaded[name] = uploaded_file(value)
            elif isinstance(value, list) and value and isinstance(value[0], FormFile):
                loaded[name] = [uploaded_file(item) for item in value]
        return loaded

    def shown(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Loaded arguments to be shown: files without paths, passwords hidden."""
        return _shown_by_name(arguments, self.schema)


def _shown_by_name(values: Mapping[str, Any], schema: marshmallow.Schema) -> dict[str, Any]:
    declared = {field.attribute or name: field for name, field in schema.fields.items()}
    return {name: _shown(value, declared.get(name)) for name, value in values.items()}


def _shown(value: Any, field: fields.Field | None) -> Any:
    if is_password(field):
        return value if value is None else HIDDEN
    if isinstance(field, TensorField):
        return None if value is None else said(str(value.dtype), value.shape)
    if isinstance(value, UploadedFile):
        return [value.name, value.content_type, value.original_filename]  # As in DEEPaaS 2.x.
    if isinstance(value, list):
        # A field with several values that is not a List is a Nested(many=True).
        inner = field.inner if isinstance(field, fields.List) else field
        return [_shown(item, inner) for item in value]
    if isinstance(value, tuple) and isinstance(field, fields.Tuple):
        return [_shown(item, one) for item, one in zip(value, field.tuple_fields, strict=True)]
    if isinstance(value, Mapping):
        if isinstance(field, fields.Nested):
            return _shown_by_name(value, field.schema)
        if isinstance(field, fields.Mapping):
            return {key: _shown(item, field.value_field) for key, item in value.items()}
    return value


def marshmallow_instance(field: Any) -> Any:
    """A field as an instance: like marshmallow, accepts a class in place of its instance."""
    return field() if isinstance(field, type) and issubclass(field, fields.Field) else field


def offer_media_types(accept: fields.Field) -> list[str]:
    """Add ``*/*`` to ``accept`` and make its first choice the default, like DEEPaaS 2.x; returns
    the choices, empty if the author declared none."""
    declared = next((v for v in accept.validators if isinstance(v, validate.OneOf)), None)
    if declared is None:
        return []
    choices = list(declared.choices)
    if ANY not in choices:
        choices.append(ANY)
    offer = copy.copy(declared)
    offer.choices = choices  # The message still names only the author's choices.
    accept.validators = [offer if v is declared else v for v in accept.validators]
    accept.load_default = choices[0]
    return choices


def is_password(field: Any) -> bool:
    return isinstance(field, fields.Field) and field.metadata.get("format") == "password"


def is_file(field: Any) -> bool:
    return isinstance(field, fields.Field) and field.metadata.get("type") == "file"


def is_file_argument(field: Any) -> bool:
    """Whether it is a file, or a list of files."""
    return is_file(field) or (isinstance(field, fields.List) and is_file(field.inner))


def require_files(field: fields.Field) -> None:
    """Let a file argument reject text, whatever its field class."""
    if isinstance(field, fields.List):
        field.inner = copy.copy(field.inner)
        if is_file(field) and not is_file(field.inner):
            field.inner.metadata = {**field.inner.metadata, "type": "file"}
        require_files(field.inner)
    elif is_file(field):
        field.validators = [must_be_file, *field.validators]


def must_be_file(value: Any) -> None:
    if value is not None and value is not missing and not isinstance(value, FormFile):
        raise marshmallow.ValidationError(
            "Not a file: send it as a file part of multipart/form-data (with curl: -F name=@path)."
        )


def uploaded_file(file: FormFile) -> UploadedFile:
    return UploadedFile(
        name=file.name,
        filename=file.path,
        content_type=file.content_type,
        original_filename=file.filename,
    )


def field_for(value: Any) -> str:
    """The declaration that an author probably means by another value, as code."""
    kinds = {str: "Str", int: "Int", float: "Float", bool: "Bool", dict: "Dict", list: "List"}
    kind = value if isinstance(value, type) else type(value)
    name = kinds.get(kind, "Str")
    inside = "fields.Str()" if name == "List" else ""
    if not isinstance(value, type) and isinstance(value, (str, int, float, bool)):
        inside = f"load_default={value!r}"
    return f"fields.{name}({inside})"
