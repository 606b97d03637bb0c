"""Warms a model up, and calls ``predict`` with its examples, or only with its defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deepaas.check import batches
from deepaas.check.arguments import Declared
from deepaas.check.examples import Examples
from deepaas.check.session import Session
from deepaas.client.description import Model
from deepaas.runtime.advice import advice
from deepaas.runtime.contract import LoadedModel
from deepaas.runtime.failures import reason


def check(
    session: Session,
    author: Any,
    described: Model,
    declared: Mapping[str, Declared],
    said: Mapping[str, Any],
    warm_name: str = "warm",
    examples_place: str = '"examples": [%s] to what get_metadata returns',
) -> None:
    """Call the functions if requested and possible; the report says what was not called.

    Args:
        author: the functions that can be called.
        described: the model as clients see it.
        said: the metadata.
        warm_name: the author's name for ``warm``.
        examples_place: what to add where, for a first example; ``%s`` stands for it.
    """
    model = LoadedModel(session.target.name, author, session.spool)
    is_warm = session.job.call and _warm(session, author, model, warm_name)
    if "train" in declared:
        _not_tried(session, "train was not called")
    if (found := declared.get("predict")) is None:
        return
    if not session.job.call:
        _not_tried(session, f"predict and {warm_name} were not called (--no-call)")
    elif not is_warm:
        _not_tried(session, f"predict was not called because {warm_name} failed")
    elif not found.complete:
        _not_tried(session, "predict was not called because its arguments are invalid")
        is_warm = False
    place = session.place
    if "examples" in said:
        place = session.places.of_function(author.get_metadata) or place
    examples = Examples(session, described, found, author, model, place)
    if "examples" in said:
        examples.check(said["examples"], is_warm)
    elif is_warm and (lacking := [name for name, one in found.fields.items() if one.required]):
        names = ", ".join(lacking)
        example = "{" + ", ".join(f'"{name}": …' for name in lacking) + "}"
        add = f"Add {examples_place % example}"
        _not_tried(session, f"predict was not called because it requires {names}. {add}")
    elif is_warm:
        examples.call_with_defaults()
    batches.check(session, author, model, examples.good)


def _warm(session: Session, author: Any, model: LoadedModel, name: str) -> bool:
    warm = getattr(author, "warm", None)
    if warm is None:
        return True
    place = session.places.of_function(warm) or session.place
    outcome = session.run("warm", f"calling {name}", model.warm, place)
    if outcome.error is None:
        return not outcome.skipped
    fix = advice(outcome.error, session.there)
    session.add(
        "warm-fails",
        session.places.of_error(outcome.error) or place,
        f"{name} failed: {reason(outcome.error)}",
        fix or "fix this line: a host cannot serve the model",
    )
    return False


def _not_tried(session: Session, what: str) -> None:
    session.note(f"not fully checked: {what}")
