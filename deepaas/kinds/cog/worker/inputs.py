"""Converts validated arguments to the values that a predictor expects; files last for one call."""

from __future__ import annotations

import contextlib
import contextvars
import mimetypes
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from marshmallow import ValidationError, missing

from deepaas.kinds.cog.worker.fields import field
from deepaas.kinds.cog.worker.signature import MISSING, Parameter
from deepaas.kinds.cog.worker.types import Type
from deepaas.model.v2.wrapper import UploadedFile
from deepaas.runtime.traits import Scope


class Resources:
    """The context of one call: files created or opened for it are removed or closed afterwards."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.stack = contextlib.ExitStack()
        self._token: contextvars.Token[Resources] | None = None

    def __enter__(self) -> None:
        self._token = _resources.set(self)

    def __exit__(self, *_: object) -> None:
        assert self._token is not None
        # An asynchronous generator may be closed in another context.
        with contextlib.suppress(ValueError):
            _resources.reset(self._token)
        self.stack.close()


_resources: contextvars.ContextVar[Resources] = contextvars.ContextVar("deepaas_cog_resources")


def values(parameters: Sequence[Parameter], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs of a call, from validated arguments; use it within :class:`Resources`."""
    return {
        # A nullable input without a default is None if the client does not send it.
        p.name: _value(p.type, arguments.get(p.name))
        for p in parameters
        if p.name in arguments or (p.type.nullable and p.default is MISSING)
    }


class Take:
    """Makes arguments for :func:`values` from values that are known to match the schema."""

    def __init__(self, parameters: Sequence[Parameter]) -> None:
        self._parameters = parameters
        # A schema does not tell which alternative a value belongs to, Python's patterns differ from
        # those of JSON schemas, and a tensor can be sent in several ways.
        self._fields = {p.name: field(p) for p in parameters if p.pattern or _is_read(p.type)}

    def __call__(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Raises ``ValidationError`` if a value does not match its pattern or any alternative."""
        taken: dict[str, Any] = {}
        faults: dict[str, Any] = {}
        for p in self._parameters:
            if p.name not in given:
                if p.default is not MISSING:
                    taken[p.name] = p.default
                    if p.type.kind == "tensor":  # A copy for each call, which may write to it.
                        taken[p.name] = self._fields[p.name].deserialize(missing)
            elif p.name not in self._fields:
                taken[p.name] = _typed(p.type, given[p.name])
            else:
                try:
                    taken[p.name] = self._fields[p.name].deserialize(given[p.name])
                except ValidationError as error:
                    faults[p.name] = error.messages
        if faults:
            raise ValidationError(faults)
        return taken


def _is_read(kind: Type) -> bool:
    return kind.kind in ("union", "tensor") or any(map(_is_read, kind.inner))


def _typed(kind: Type, value: Any) -> Any:
    if value is None:
        return None
    match kind.kind:
        case "integer":
            return int(value)
        case "number":
            return float(value)
        case "array":
            return [_typed(kind.inner[0], item) for item in value]
    return value


def _value(kind: Type, value: Any) -> Any:
    if value is None:
        return None
    match kind.kind:
        case "array":
            return [_value(kind.inner[0], item) for item in value]
        case "file":
            path = _named(value) if isinstance(value, UploadedFile) else value
            return kind.python(path)
        case "opened":
            return _open(value)
        case "tensor":
            return value
        case "secret":  # A default already has the right class.
            return value if isinstance(value, kind.python) else kind.python(value)
    if kind.python is not None:  # An enumeration.
        return kind.python(value)
    return value


def _open(value: Any) -> Any:
    if not isinstance(value, UploadedFile):
        return value
    return _resources.get().stack.enter_context(open(_named(value), "rb"))


def _named(upload: UploadedFile) -> str:
    """Return a path that ends with the client's file name: many libraries use its suffix."""
    assert upload.filename is not None, "the host has received it"
    name = Path(upload.original_filename or "").name
    if not Path(name).suffix:
        ending = mimetypes.guess_extension(upload.content_type or "") or ""
        name = f"{name or 'file'}{ending}"
    resources = _resources.get()
    folder = resources.scope.folder
    if not folder.exists():
        folder.mkdir(mode=0o700)
        resources.stack.callback(shutil.rmtree, folder, ignore_errors=True)
    path = os.path.join(tempfile.mkdtemp(dir=folder), name)  # noqa: PTH118
    try:
        os.link(upload.filename, path)
    except OSError:  # On another file system.
        os.symlink(upload.filename, path)  # noqa: PTH211
    return path
