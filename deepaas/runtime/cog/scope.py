"""What a predictor may note of a call: ``current_scope()``, ``record_metric``, the context."""

from __future__ import annotations

import contextlib
import contextvars
import re
import sys
from typing import Any

from deepaas.runtime.traits import Scope

MAX_NAME_CHARACTERS = 128
MAX_SEGMENTS_COUNT = 4

_SEGMENT = re.compile(r"[A-Za-z]([A-Za-z0-9]|_(?=[A-Za-z0-9]))*", re.ASCII)
_MODES = ("replace", "incr", "append")
_KINDS = (bool, int, float, str, list, dict)


class Metrics:
    """The metrics of one call, by name.

    Args:
        scope: tells the host; None outside of a call, where nothing is noted.
    """

    def __init__(self, scope: Scope | None) -> None:
        self._scope = scope
        self._kinds: dict[str, type] = {}

    def record(self, key: str, value: Any, mode: str | None = "replace") -> None:
        """Note a value.

        Args:
            key: its name; dots make groups.
            value: bool, int, float, str, list or dict; None takes the metric away.
            mode: ``replace``, ``incr`` (add to a number) or ``append`` (to a list).

        Raises:
            ValueError: no such name.
            TypeError: no such mode or value, or one of another type than before.
        """
        if self._scope is None:
            return
        mode = mode or "replace"
        _check_name(key)
        if mode not in _MODES:
            raise TypeError(f"mode {mode!r} is none of {', '.join(_MODES)}")
        kind = None if value is None else self._checked_kind(key, value, mode)
        self._scope.measure(key, value, mode)
        if kind is None:
            self._kinds.pop(key, None)
        else:
            self._kinds.setdefault(key, kind)

    def delete(self, key: str) -> None:
        """Take a metric away."""
        self.record(key, None)

    def __setitem__(self, key: str, value: Any) -> None:
        self.record(key, value)

    def __delitem__(self, key: str) -> None:
        self.delete(key)

    def _checked_kind(self, key: str, value: Any, mode: str) -> type:
        kind = next((one for one in _KINDS if isinstance(value, one)), None)
        if kind is None:
            raise TypeError(f"metric {key!r}: {type(value).__name__} cannot be noted")
        if mode == "incr" and kind not in (int, float):
            raise TypeError(f"metric {key!r}: only numbers can be added")
        kind = list if mode == "append" else kind
        before = self._kinds.get(key, kind)
        if before is not kind and {before, kind} != {int, float}:
            raise TypeError(
                f"metric {key!r} is of the type {before.__name__}; delete it before it becomes "
                f"{kind.__name__}"
            )
        return kind


class CurrentScope:
    """What ``cog.current_scope()`` gives.

    Attributes:
        metrics: of the call.
        context: what the client told besides the inputs.
    """

    def __init__(self, scope: Scope | None) -> None:
        self.metrics = Metrics(scope)
        self.context = dict(scope.context) if scope is not None else {}

    def record_metric(self, key: str, value: Any, mode: str | None = "replace") -> None:
        """Note a metric, see :meth:`Metrics.record`."""
        self.metrics.record(key, value, mode)


_current: contextvars.ContextVar[CurrentScope] = contextvars.ContextVar("deepaas_cog_scope")


class Around:
    """Within this ``with``, which stands around a call, this is its scope."""

    def __init__(self, scope: Scope) -> None:
        self._scope = CurrentScope(scope)
        self._token: contextvars.Token[CurrentScope] | None = None

    def __enter__(self) -> None:
        self._token = _current.set(self._scope)

    def __exit__(self, *_: object) -> None:
        assert self._token is not None
        # An asynchronous generator may be closed in another context.
        with contextlib.suppress(ValueError):
            _current.reset(self._token)


def install() -> None:
    """Have Cog's package, if the predictor uses it, ask here for the scope of a call."""
    coglet: Any = sys.modules.get("coglet")
    if coglet is not None:
        coglet._sdk.current_scope = current_scope


def current_scope() -> CurrentScope:
    """The scope of the call that the caller works on; one without effect outside of calls."""
    return _current.get(None) or CurrentScope(None)


def _check_name(key: str) -> None:
    segments = key.split(".")
    if len(key) > MAX_NAME_CHARACTERS or len(segments) > MAX_SEGMENTS_COUNT:
        raise ValueError(
            f"metric names have at most {MAX_NAME_CHARACTERS} characters and "
            f"{MAX_SEGMENTS_COUNT} segments"
        )
    if not all(_SEGMENT.fullmatch(segment) for segment in segments):
        raise ValueError(f"{key!r} is no name for a metric: letters, digits and single _ only")
    if key == "predict_time" or key.startswith("cog."):
        raise ValueError(f"{key!r} is a reserved name")
