"""The kinds of models that this process can load, from their entry points."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from deepaas import plugins
from deepaas.runtime.failures import CannotBeServed

_log = logging.getLogger(__name__)


def _adopts_nothing(_found: Any) -> None:
    """For kinds that recognise models only by their source."""


@dataclass(frozen=True)
class ModelLoader:
    """The worker's part of a kind of model.

    Workers of other kinds import it too, to call ``adopt``.

    Attributes:
        load: makes the author's object from ``Recognised.source``; import large libraries only in
            this function. Raises exceptions of the author's code, or ``CannotBeServed``.
        adopt: the same for an object that another kind has loaded; None if it is not of this kind.
        extras: modules that models of this kind import, and the package that contains each.
    """

    load: Callable[[str], Any]
    adopt: Callable[[Any], Any] = _adopts_nothing
    extras: Mapping[str, str] = field(default_factory=dict)


def load(kind: str, source: str) -> Any:
    """The author's object; raises exceptions of the author's code, and CannotBeServed if the kind,
    or a package that its models need, is not installed."""
    point = plugins.offered(plugins.MODEL_LOADERS).get(kind)
    if point is None:
        raise CannotBeServed(f"{sys.executable} cannot load models of kind {kind!r}")
    loaded = plugins.load(point, ModelLoader)
    try:
        return loaded.load(source)
    except ModuleNotFoundError as error:
        package = _package_with(str(error.name))
        if not package:
            raise
        raise CannotBeServed(
            f"its code imports {error.name}, which is not installed here: pip install '{package}'"
        ) from None


def adopted(found: Any) -> Any:
    """The model that a kind makes from an object that it recognises; None if none does."""
    for name, kind in plugins.load_all(plugins.MODEL_LOADERS, ModelLoader).items():
        try:
            model = kind.adopt(found)
        except CannotBeServed:
            raise
        except Exception:
            _log.exception("the kind %r failed to check whether a model belongs to it", name)
            continue
        if model is not None:
            return model
    return None


def _package_with(module: str) -> str:
    kinds = plugins.load_all(plugins.MODEL_LOADERS, ModelLoader)
    return next((k.extras[module] for k in kinds.values() if module in k.extras), "")
