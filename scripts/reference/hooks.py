"""The functions of a model, and the helpers for ``train``: overviews; autodoc does the rest."""

from __future__ import annotations

import inspect
from types import FunctionType

from deepaas.model.v2 import run
from deepaas.model.v2.base import BaseModel
from scripts.reference.pages import summary, table


def part() -> str:
    """Two tables."""
    offered = [[f"`{name}({_arguments(hook)})`", summary(hook)] for name, hook in hooks().items()]
    schema = [
        "`schema`",
        "The fields of a JSON result of `predict`. The host validates results against it.",
    ]
    helpers = [
        [f"`run.{name}({_arguments(helper)})`", summary(helper)]
        for name, helper in helpers_of_train().items()
    ]
    return "\n\n".join(
        [
            table(["function", ""], [*offered, schema]),
            table(["helper for `train`", ""], helpers),
        ]
    )


def hooks() -> dict[str, FunctionType]:
    """The functions that a model may have, in the order of their declaration."""
    return {
        name: thing
        for name, thing in vars(BaseModel).items()
        if inspect.isfunction(thing) and not name.startswith("_")
    }


def helpers_of_train() -> dict[str, FunctionType]:
    """The helpers for the author's ``train``."""
    return {
        name: thing
        for name, thing in vars(run).items()
        if inspect.isfunction(thing)
        and thing.__module__ == run.__name__
        and not name.startswith("_")
    }


def _arguments(function: FunctionType) -> str:
    parameters = inspect.signature(function).parameters.values()
    shown = (f"{'**' if p.kind is p.VAR_KEYWORD else ''}{p.name}" for p in parameters)
    return ", ".join(name for name in shown if name != "self")
