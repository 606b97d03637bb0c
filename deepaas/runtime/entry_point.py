"""The first kind of model: a Python package found by its entry point."""

from __future__ import annotations

import inspect
from typing import Any, NoReturn

import stevedore

from deepaas.model.v2.base import BaseModel
from deepaas.runtime.cog.loading import needs_cog
from deepaas.runtime.cog.predictor import is_typed, wrap

GROUP = "deepaas.v2.model"

_ARGUMENTLESS = ("get_metadata", "warm", "get_predict_args", "get_train_args")
_METHODS = (*_ARGUMENTLESS, "predict", "train")


def load(source: str) -> Any:
    """Import the model that is installed under the entry point ``source``.

    Returns:
        what the entry point names (a module, an instance, a class with static or class
        methods), or an instance of the class where its methods need one.

    Raises:
        Exception: whatever the author's code raises while it is imported.
    """

    def reraise(_manager: Any, _entry_point: Any, error: BaseException) -> NoReturn:
        raise error

    with needs_cog():
        found: Any = stevedore.DriverManager(
            GROUP,
            source,
            on_load_failure_callback=reraise,
            warn_on_missing_entrypoint=False,
        ).driver
    if is_typed(found):
        return wrap(found)
    return found() if inspect.isclass(found) and needs_instance(found) else found


def needs_instance(model: type) -> bool:
    """Tell whether the functions of a class must be called on an instance of it."""
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
