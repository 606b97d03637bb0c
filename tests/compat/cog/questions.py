"""What is asked again through the other doors, and what came of it by Cog's API."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .cases.case import Case
from .seen import Seen
from .servers import known, of_group

DATA_URL = re.compile(r"data:([^,;]*);base64,(.*)", re.DOTALL)
SUFFIXES = {"text/plain": ".txt", "image/png": ".png"}


@dataclass(frozen=True)
class Question:
    """Something that a predictor is asked.

    Attributes:
        predictor: its name.
        given: the input.
        output: what it returned.
        error: why it failed instead.
        mark: what it prints before it is stopped; then there is no answer.
        together: inputs of several predictions at a time, instead of `given`.
    """

    predictor: str
    given: dict[str, Any] = field(default_factory=dict)
    output: Any = None
    error: str = ""
    mark: str = ""
    together: tuple[dict[str, Any], ...] = ()

    @property
    def name(self) -> str:
        kind = "fails" if self.error else "is stopped" if self.mark else "answers"
        return f"{self.predictor} {kind}"

    def inputs(self, folder: Path) -> tuple[dict[str, Any], dict[str, list[Path]]]:
        """The input as values, and as files, which are written into this folder."""
        values, files = {}, {}
        for name, value in self.given.items():
            items = value if isinstance(value, list) else [value]
            if items and all(DATA_URL.fullmatch(str(item)) for item in items):
                files[name] = [_written(item, folder / str(n)) for n, item in enumerate(items)]
            else:
                values[name] = value
        return values, files


def questions(group: str, seen: Iterable[tuple[Case, Seen]]) -> list[Question]:
    """One that is answered and one that fails of each predictor, as far as there are both.

    Args:
        group: name of the predictors' file.
        seen: the cases, and what our host made of them.
    """
    best: dict[tuple[str, str], Question] = {}
    for case, ours in seen:
        question = _question(case, ours)
        if question is None or not question.given.keys() <= _inputs(group, case.predictor):
            continue
        known_one = best.get((case.predictor, question.name))
        if known_one is None or _tells_more(question, known_one):
            best[case.predictor, question.name] = question
    return list(best.values())


def one_of_each_shape(group: str, asked: Iterable[Question]) -> list[Question]:
    """The first question of those whose predictors take and give the same.

    Args:
        group: name of the predictors' file.
        asked: questions to them.
    """
    told = of_group(group)
    first: dict[str, Question] = {}
    for question in asked:
        _, _, kind = question.name.partition(" ")
        shape = [told[question.predictor], kind, bool(question.together)]
        first.setdefault(json.dumps(shape, sort_keys=True), question)
    return list(first.values())


def content(output: Any) -> bytes | None:
    """The file that an output is."""
    url = DATA_URL.fullmatch(output) if isinstance(output, str) else None
    return base64.b64decode(url[2]) if url else None


def _question(case: Case, ours: Seen) -> Question | None:
    if case.together:
        outputs = [ours[f"{number}.body.output"] for number in range(len(case.together))]
        return Question(case.predictor, output=outputs, together=case.together)
    if ours.get("body.status") == "SETUP_FAILED":
        return Question(case.predictor, error=ours["body.setup"]["logs"].splitlines()[-1])
    if case.given is None or ours.get("status") == 503:
        return None
    if case.mark:
        return Question(case.predictor, case.given, mark=case.mark)
    if ours.get("body.status") == "succeeded":
        return Question(case.predictor, case.given, ours["body.output"])
    if ours.get("body.status") == "failed":
        error = str(ours["body.error"])
        # What is wrong with an input is told where it has been sent in another form.
        refused = error.startswith("Input validation error")
        return None if refused else Question(case.predictor, case.given, error=error)
    return None


def _tells_more(one: Question, other: Question) -> bool:
    return not one.error and len(one.given) > len(other.given)


def _inputs(group: str, predictor: str) -> set[str]:
    told = known()[f"{group}:{predictor}"]["schemas"]["Input"]
    return set(told.get("properties", {}))


def _written(url: str, folder: Path) -> Path:
    media_type, text = DATA_URL.fullmatch(url).groups()  # type: ignore[union-attr]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"file{SUFFIXES[media_type]}"
    path.write_bytes(base64.b64decode(text))
    return path
