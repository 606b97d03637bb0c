"""The worker's half: imports what an entry point names."""

from __future__ import annotations

import inspect
from typing import Any

from deepaas import plugins
from deepaas.kinds.entry_point import GROUP
from deepaas.model.v2.base import BaseModel
from deepaas.runtime.failures import CannotBeServed
from deepaas.runtime.kinds import ModelLoader, adopted

_ARGUMENTLESS = ("get_metadata", "warm", "get_predict_args", "get_train_args")
_METHODS = (*_ARGUMENTLESS, "predict", "train")


def load(source: str) -> Any:
    """What the entry point ``source`` names, an instance where its methods need one; or what
    another kind makes of it.

    Raises ``CannotBeServed`` when there is no such entry point, or several, and whatever the
    author's code raises while it is imported.
    """
    values = {point.value: point for point in plugins.points(GROUP).select(name=source)}
    if not values:
        raise CannotBeServed(f"there is no entry point {source!r} in the group {GROUP!r}")
    if len(values) > 1:
        raise CannotBeServed(f"there are several entry points {source!r}: {', '.join(values)}")
    (point,) = values.values()
    found = point.load()
    if (model := adopted(found)) is not None:
        return model
    return found() if inspect.isclass(found) and needs_instance(found) else found


def needs_instance(model: type) -> bool:
    if issubclass(model, BaseModel):
        return True
    for name in _METHODS:
        method = inspect.getattr_static(model, name, None)
        if not inspect.isfunction(method):
            continue
        parameters = list(inspect.signature(method).parameters.values())
        if not parameters:
            continue
        first = parameters[0]
        required = first.default is first.empty and first.kind in (
            first.POSITIONAL_ONLY,
            first.POSITIONAL_OR_KEYWORD,
        )
        if first.name == "self" or (required and name in _ARGUMENTLESS):
            return True
    return False


KIND = ModelLoader(load)
