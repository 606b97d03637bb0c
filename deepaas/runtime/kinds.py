"""The kinds of model that this process can load, found by their entry points."""

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
    """It knows its models by where they come from only."""


@dataclass(frozen=True)
class ModelLoader:
    """The worker's half of a kind of model.

    Workers of other kinds import it too, to ask whether it adopts.

    Attributes:
        load: makes the author's object of ``Recognised.source``; large libraries are to be imported
            in it. It raises whatever the author's code raises, or ``CannotBeServed``.
        adopt: the same for an object that another kind has loaded; None if it is none of this kind.
        extras: modules that models of this kind import, and with which package each comes.
    """

    load: Callable[[str], Any]
    adopt: Callable[[Any], Any] = _adopts_nothing
    extras: Mapping[str, str] = field(default_factory=dict)


def load(kind: str, source: str) -> Any:
    """The author's object; raises what the author's code raises, and CannotBeServed if the kind, or
    what its models need, is not installed."""
    point = plugins.offered(plugins.MODEL_LOADERS).get(kind)
    if point is None:
        raise CannotBeServed(f"models of the kind {kind!r} cannot be loaded by {sys.executable}")
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
    """What an object is to the kind that takes it for one of its own; None if none does."""
    for name, kind in plugins.load_all(plugins.MODEL_LOADERS, ModelLoader).items():
        try:
            model = kind.adopt(found)
        except CannotBeServed:
            raise
        except Exception:
            _log.exception("the kind %r cannot say whether a model is one of its own", name)
            continue
        if model is not None:
            return model
    return None


def _package_with(module: str) -> str:
    kinds = plugins.load_all(plugins.MODEL_LOADERS, ModelLoader)
    return next((k.extras[module] for k in kinds.values() if module in k.extras), "")
