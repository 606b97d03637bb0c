"""A difference between two answers, and the ways in which answers may differ."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .seen import Seen

Applies = Callable[[Seen, Seen], bool]


@dataclass(frozen=True)
class Difference:
    name: str
    reason: str
    covers: tuple[str, ...]
    """Which aspects may differ; `*` stands for anything."""
    applies: Applies
    """Whether theirs and ours differ in just the way that is meant."""


SUCCEEDED = "succeeded"


def became(status: int, our_status: int, /, **ours_has: Any) -> Applies:
    """One status has become another; and what ours has besides, by aspect of the body."""

    def applies(theirs: Seen, ours: Seen) -> bool:
        found = {name: ours.get(f"body.{name}") for name in ours_has}
        return (theirs["status"], ours["status"], found) == (status, our_status, ours_has)

    return applies


def ended(status: str, our_status: str, /, **ours_has: Any) -> Applies:
    """A prediction that ends otherwise."""

    def applies(theirs: Seen, ours: Seen) -> bool:
        ends = theirs.get("body.status"), ours.get("body.status")
        found = {name: ours.get(f"body.{name}") for name in ours_has}
        return (ends, found) == ((status, our_status), ours_has)

    return applies


def text(seen: Seen, aspect: str) -> str:
    value = seen.get(aspect)
    return value.decode() if isinstance(value, bytes) else str(value)


_REPEATED = re.compile(
    r"^(Prediction failed: )(Prediction failed: |Generator iteration error: "
    r"|Async prediction failed: |Failed to serialize output: )"
)


def reason_of(error: object) -> str:
    """What an error comes down to, in the words of neither: the class that was raised."""
    plain = _REPEATED.sub(r"\1", str(error))
    return re.sub(r"^(Prediction failed: \w+)\b.*", r"\1", plain, flags=re.DOTALL)


def same_reason(theirs: Seen, ours: Seen) -> bool:
    errors = theirs.get("body.error"), ours.get("body.error")
    return None not in errors and reason_of(errors[0]) == reason_of(errors[1])


def _without_reason(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: reason_of(part) if key == "error" else _without_reason(part)
            for key, part in value.items()
        }
    return [_without_reason(part) for part in value] if isinstance(value, list) else value


def told_alike(aspect: str) -> Applies:
    def applies(theirs: Seen, ours: Seen) -> bool:
        values = theirs.get(aspect), ours.get(aspect)
        return None not in values and _without_reason(values[0]) == _without_reason(values[1])

    return applies


def failed_alike(theirs: Seen, ours: Seen) -> bool:
    return theirs.get("body.status") == ours.get("body.status") == "failed"


def close(theirs: Any, ours: Any) -> bool:
    """Whether two texts have the same words and nearly the same numbers."""
    pairs = zip(str(theirs).split(), str(ours).split(), strict=True)
    return all(a == b or math.isclose(float(a), float(b), rel_tol=1e-15) for a, b in pairs)


def is_log(body: dict[str, Any]) -> bool:
    return body["logs"] != "" and "output" not in body and body["status"] == "processing"


def progress(body: dict[str, Any]) -> tuple[bool, int, int]:
    return body["status"] != "processing", len(body.get("output", "")), len(body["logs"])


def sorted_out(told: list[list[Any]]) -> dict[str, Any]:
    """Events by their kinds, and all that was printed as one text."""
    found: dict[str, Any] = {"log": ""}
    for kind, data in told:
        if kind == "log":
            found["log"] += data["data"]
        else:
            found.setdefault(kind, []).append(data)
    return found


def same_setup(theirs: str, ours: str) -> bool:
    printed = re.findall(r"^\[coglet::setup\] (.*)$", theirs, re.MULTILINE)
    if theirs.startswith("worker setup failed: "):
        return theirs.rpartition("setup failed: ")[2] in ours
    # Cog may be asked before it has read all of it.
    return ours.splitlines()[: len(printed)] == printed
