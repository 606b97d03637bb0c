"""The worker's part of the kind, which workers of all kinds import.

What it does is imported by those that need it, because that takes long.
"""

from __future__ import annotations

import inspect
from typing import Any

from deepaas.author_files.contents import CONTRACT, METHODS
from deepaas.runtime.kinds import ModelLoader


def is_typed(target: Any) -> bool:
    """Whether the object of an entry point is a typed predictor, not DEEPaaS's contract."""
    if inspect.isfunction(target):
        return True
    return (
        inspect.isclass(target)
        and not any(hasattr(target, name) for name in CONTRACT)
        and any(callable(getattr(target, name, None)) for name in METHODS)
    )


def _load(source: str) -> Any:
    from deepaas.kinds.cog.worker.from_path import load

    return load(source)


def _adopt(found: Any) -> Any:
    """Return the predictor for an object that another kind has loaded. Raises ``Faults``."""
    if not is_typed(found):
        return None
    from deepaas.kinds.cog.worker.predictor import wrap

    return wrap(found)


KIND = ModelLoader(_load, _adopt, {"cog": "deepaas[cog]"})
