"""Metrics and context of a call: ``current_scope()``, ``record_metric``."""

from __future__ import annotations

import contextlib
import contextvars
import re
import sys
from typing import Any

from deepaas.runtime.traits import Measuring, Scope

MAX_NAME_CHARACTERS = 128
MAX_SEGMENTS_COUNT = 4

_FAULTS = [
    (re.compile(pattern), fault)
    for pattern, fault in (
        (r"^\Z", "is empty: no dot at the start, at the end or next to another, no empty segments"),
        (r"^[^A-Za-z]", "must start with a letter"),
        (r"__", "must not contain consecutive underscores"),
        (r"[^A-Za-z0-9_]", "contains an invalid character: letters, digits and _ only"),
        (r"_\Z", "must end with a letter or digit"),
    )
]
"""Patterns of invalid segments of a name, and the error messages."""

_MODES = {"replace": "replace", "incr": "increment", "increment": "increment", "append": "append"}
_KINDS = (bool, int, float, str, list, dict)


class Metrics:
    """Metrics of a call. Without a scope, outside of a call, nothing is recorded."""

    def __init__(self, scope: Scope | None) -> None:
        self._scope = scope
        self._kinds: dict[str, type] = {}

    def record(self, key: str, value: Any, mode: str | None = "replace") -> None:
        """Record a value.

        Args:
            key: its name; dots make groups.
            value: bool, int, float, str, list or dict; None deletes the metric.
            mode: ``replace``, ``incr`` or ``increment`` (add), ``append`` (to a list).

        Raises:
            ValueError: the name is invalid.
            TypeError: the mode or the type of the value is invalid, or the type has changed.
        """
        if self._scope is None:
            return
        _check_name(key)
        if (told := _MODES.get(mode or "replace")) is None:
            raise TypeError(f"mode {mode!r} is not one of {', '.join(_MODES)}")
        mode = told
        kind = None if value is None else self._checked_kind(key, value, mode)
        self._scope.measure(key, value, mode)
        if kind is None:
            self._kinds.pop(key, None)
        else:
            self._kinds.setdefault(key, kind)

    def delete(self, key: str) -> None:
        self.record(key, None)

    def __setitem__(self, key: str, value: Any) -> None:
        self.record(key, value)

    def __delitem__(self, key: str) -> None:
        self.delete(key)

    def _checked_kind(self, key: str, value: Any, mode: str) -> type:
        kind = next((one for one in _KINDS if isinstance(value, one)), None)
        if kind is None:
            raise TypeError(f"metric {key!r}: {type(value).__name__} cannot be recorded")
        if mode == "increment" and kind not in (int, float):
            raise TypeError(f"metric {key!r}: only numbers can be added")
        kind = list if mode == "append" else kind
        before = self._kinds.get(key, kind)
        if before is not kind and {before, kind} != {int, float}:
            raise TypeError(
                f"metric {key!r} has the type {before.__name__}. Delete it before you change it "
                f"to {kind.__name__}"
            )
        return kind


class CurrentScope:
    """The result of ``cog.current_scope()``; `context` is what the client sent with the inputs."""

    def __init__(self, scope: Scope | None) -> None:
        self.metrics = Metrics(scope)
        self.context = dict(scope.context) if scope is not None else {}

    def record_metric(self, key: str, value: Any, mode: str | None = "replace") -> None:
        """Record a metric, see :meth:`Metrics.record`."""
        self.metrics.record(key, value, mode)


_current: contextvars.ContextVar[CurrentScope] = contextvars.ContextVar("deepaas_cog_scope")


class Around(Measuring):
    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        self._scope = CurrentScope(scope)
        self._mine: contextvars.Token[CurrentScope] | None = None

    def __enter__(self) -> None:
        super().__enter__()
        self._mine = _current.set(self._scope)

    def __exit__(self, *_: object) -> None:
        assert self._mine is not None
        # An asynchronous generator may be closed in another context.
        with contextlib.suppress(ValueError):
            _current.reset(self._mine)
        super().__exit__()


def install() -> None:
    """Replace ``current_scope`` of Cog's package, if the predictor uses it."""
    coglet: Any = sys.modules.get("coglet")
    if coglet is not None:
        coglet._sdk.current_scope = current_scope


def current_scope() -> CurrentScope:
    """Return the scope of the current call; outside of calls, one without effect."""
    return _current.get(None) or CurrentScope(None)


def _check_name(key: str) -> None:
    """Raises ``ValueError``, with the same messages as Cog."""
    if key == "predict_time":
        raise ValueError("'predict_time' is reserved by the runtime")
    if key.startswith("cog."):
        raise ValueError("the 'cog.' prefix is reserved for system metrics")
    if len(key) > MAX_NAME_CHARACTERS:
        raise ValueError(
            f"metric name must be {MAX_NAME_CHARACTERS} characters or fewer "
            f"(got {len(key)} characters)"
        )
    segments = key.split(".")
    if len(segments) > MAX_SEGMENTS_COUNT:
        raise ValueError(
            f"metric name must have at most {MAX_SEGMENTS_COUNT} dot-separated segments "
            f"(got {len(segments)})"
        )
    for segment in segments:
        for pattern, fault in _FAULTS:
            if pattern.search(segment):
                raise ValueError(f"metric name segment {segment!r} {fault}")
