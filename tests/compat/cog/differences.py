"""Where our answers may differ from those of Cog 0.23.1, each with its name and its reason.

A difference that is no longer one makes the tests fail as well: the list stays short and true.
`docs/how-to/cog.md` tells of each of them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
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


def unexplained(theirs: Seen, ours: Seen, named: Iterable[Difference]) -> dict[str, object]:
    """The aspects that differ and that no difference covers, each with both values."""
    named = list(named)
    covers = [
        pattern
        for difference in [*EVERYWHERE, *named]
        if difference.applies(theirs, ours)
        for pattern in difference.covers
    ]
    found: dict[str, object] = {}
    for aspect in dict.fromkeys([*theirs, *ours]):
        values = theirs.get(aspect), ours.get(aspect)
        if values[0] != values[1] and not any(fnmatchcase(aspect, one) for one in covers):
            found[aspect] = {"theirs": values[0], "ours": values[1]}
    stale = [each.name for each in named if not each.applies(theirs, ours)]
    return found | ({"no difference any more": stale} if stale else {})


SUCCEEDED = "succeeded"


def _became(status: int, our_status: int, /, **ours_has: Any) -> Applies:
    """One status has become another; and what ours has besides, by aspect of the body."""

    def applies(theirs: Seen, ours: Seen) -> bool:
        found = {name: ours.get(f"body.{name}") for name in ours_has}
        return (theirs["status"], ours["status"], found) == (status, our_status, ours_has)

    return applies


def _ended(status: str, our_status: str, /, **ours_has: Any) -> Applies:
    """A prediction that ends otherwise."""

    def applies(theirs: Seen, ours: Seen) -> bool:
        ends = theirs.get("body.status"), ours.get("body.status")
        found = {name: ours.get(f"body.{name}") for name in ours_has}
        return (ends, found) == ((status, our_status), ours_has)

    return applies


def _text(seen: Seen, aspect: str) -> str:
    value = seen.get(aspect)
    return value.decode() if isinstance(value, bytes) else str(value)


# --- errors and logs ---

_REPEATED = re.compile(
    r"^(Prediction failed: )(Prediction failed: |Generator iteration error: "
    r"|Async prediction failed: |Failed to serialize output: )"
)


def reason_of(error: object) -> str:
    """What an error comes down to, in the words of neither: the class that was raised."""
    plain = _REPEATED.sub(r"\1", str(error))
    return re.sub(r"^(Prediction failed: \w+)\b.*", r"\1", plain, flags=re.DOTALL)


def _same_reason(theirs: Seen, ours: Seen) -> bool:
    errors = theirs.get("body.error"), ours.get("body.error")
    return None not in errors and reason_of(errors[0]) == reason_of(errors[1])


def _without_reason(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: reason_of(part) if key == "error" else _without_reason(part)
            for key, part in value.items()
        }
    return [_without_reason(part) for part in value] if isinstance(value, list) else value


def _told_alike(aspect: str) -> Applies:
    def applies(theirs: Seen, ours: Seen) -> bool:
        values = theirs.get(aspect), ours.get(aspect)
        return None not in values and _without_reason(values[0]) == _without_reason(values[1])

    return applies


def _failed_alike(theirs: Seen, ours: Seen) -> bool:
    return theirs.get("body.status") == ours.get("body.status") == "failed"


ERROR_TEXTS = Difference(
    "texts of errors",
    "improvement: said once, on one line, with what caused it; Cog says `Prediction failed` twice",
    ("body.error",),
    _same_reason,
)
ERROR_TEXTS_IN_EVENTS = Difference(
    "texts of errors, in events",
    ERROR_TEXTS.reason,
    ("events",),
    _told_alike("events"),
)
ERROR_TEXTS_IN_WEBHOOKS = Difference(
    "texts of errors, in webhooks",
    ERROR_TEXTS.reason,
    ("webhooks",),
    _told_alike("webhooks"),
)
LOGS_OF_FAILURES = Difference(
    "logs and first parts of failures",
    "improvement: they are there, as in webhooks; Cog leaves them out of the answer itself",
    ("body.logs", "body.output"),
    lambda theirs, ours: (
        _failed_alike(theirs, ours)
        and theirs.get("body.logs") == ""
        and "body.output" not in theirs
        and bool(ours["body.logs"] or ours.get("body.output"))
    ),
)
INPUT_REASONS = Difference(
    "reasons why a file cannot be had",
    "improvement: they name the input",
    ("body.error",),
    lambda theirs, ours: all(
        _text(one, "body.error").startswith("Input validation error: ") for one in (theirs, ours)
    ),
)
READER = Difference(
    "words of the JSON reader",
    "another reader: the same beginning, then its own words for what is wrong",
    ("body",),
    lambda theirs, ours: (
        theirs.get("status") == ours.get("status") in (400, 422)
        and _text(theirs, "body").partition(": ")[0] == _text(ours, "body").partition(": ")[0]
        and _text(ours, "body").startswith("Failed to ")
    ),
)
ERROR_PAGES = Difference(
    "pages that are not there",
    "improvement: errors have a body; Cog's is empty",
    ("body*", "content-type"),
    lambda theirs, ours: (
        theirs.get("status") == ours.get("status") in (404, 405)
        and theirs["body"] == b""
        and ours.get("body.code") == ours["status"]
    ),
)
CRASH_REASON = Difference(
    "reason of a crash",
    "improvement: with how the process ended",
    ("body.error",),
    lambda theirs, ours: (
        _text(theirs, "body.error") == "Worker crashed"
        and _text(ours, "body.error").startswith("Worker crashed: the process of model")
    ),
)

# --- requests ---

ODD_IDS = Difference(
    "odd ids",
    "improvement: an id that cannot stand in a URL is refused",
    ("*",),
    lambda theirs, ours: (
        (theirs.get("status"), ours.get("status")) == (200, 422)
        and b"the id must be" in ours["body"]
    ),
)
BODY_WITHOUT_TYPE = Difference(
    "body without a type",
    "improvement: refused; Cog ignores it silently",
    ("*",),
    lambda theirs, ours: (
        (theirs.get("status"), ours.get("status")) == (422, 415)
        and theirs["body.detail"][0]["msg"] == "Field required"
    ),
)
KEY_TWICE = Difference(
    "key that is there twice",
    "another reader: the last counts; Cog refuses it",
    ("*",),
    lambda theirs, ours: (
        (theirs.get("status"), ours.get("status")) == (422, 200)
        and b"duplicate field" in theirs["body"]
    ),
)
STREAMS_UNMARKED = Difference(
    "events without @streaming",
    "improvement: every model can be watched; Cog refuses with 406 what is not marked",
    ("*",),
    lambda theirs, ours: theirs["status"] == 406 and ours["status"] in (200, 422),
)
LOOK_AT_PREDICTIONS = Difference(
    "GET of predictions",
    "improvement: predictions can be listed and looked at; Cog answers 405",
    ("*",),
    lambda theirs, ours: theirs["status"] == 405 and ours["status"] in (200, 404, 405),
)
VERSION = Difference(
    "cog_version",
    "says what this is",
    ("body.cog_version",),
    lambda _, ours: str(ours.get("body.cog_version")).startswith("deepaas "),
)

# --- inputs ---

NULL_FOR_OPTIONAL = Difference(
    "null for Optional",
    "improvement: it is None, as the author has declared; Cog refuses it",
    ("*",),
    _became(422, 200, status=SUCCEEDED),
)
ANYTHING = Difference(
    "Any",
    "improvement: it is anything; Cog takes objects only",
    ("*",),
    lambda theirs, ours: (
        _became(422, 200, status=SUCCEEDED)(theirs, ours)
        and all('is not of type "object"' in each["msg"] for each in theirs["body.detail"])
    ),
)
DECLARED_NUMBERS = Difference(
    "numbers as declared",
    "improvement: float gets a float and int an int, large ones too; Cog passes on what JSON has",
    ("body.output",),
    lambda theirs, ours: (
        theirs.get("body.status") == ours.get("body.status") == SUCCEEDED
        and _close(theirs["body.output"], ours["body.output"])
    ),
)
UNIONS = Difference(
    "no member of a Union",
    "the message names what it may be",
    ("body.detail",),
    lambda theirs, ours: (
        theirs["status"] == ours["status"] == 422
        and [each["loc"] for each in theirs["body.detail"]]
        == [each["loc"] for each in ours["body.detail"]]
        and "not valid under any of the schemas" in theirs["body.detail"][0]["msg"]
        and "Not one of: " in ours["body.detail"][0]["msg"]
    ),
)
NO_PATHS = Difference(
    "paths of the host",
    "improvement: refused; Cog hands any text to the predictor, which may open it",
    ("body.error",),
    lambda theirs, ours: (
        "'str' object has no attribute" in _text(theirs, "body.error")
        and "is not an http or https URL" in _text(ours, "body.error")
    ),
)
FILE_ENDINGS = Difference(
    "endings of fetched files",
    "improvement: where the address has none, by the media type, or by where one was sent on to",
    ("body.output",),
    lambda theirs, ours: ours["body.output"] == ".txt" + theirs["body.output"],
)
FILE_NAMES = Difference(
    "names of files",
    "improvement: the client's own; Cog puts random characters before it",
    ("body.output",),
    lambda theirs, ours: (
        re.fullmatch(r"Path tmp\w{8}", theirs["body.output"].removesuffix(ours["body.output"][5:]))
        is not None
    ),
)

# --- outputs ---

MORE_JSON = Difference(
    "bytes, NaN",
    "improvement: base64 and null, as in the V2 API; in Cog the prediction fails",
    ("body.status", "body.error", "body.output"),
    _ended("failed", SUCCEEDED),
)
LOST_FILES = Difference(
    "files that are not there",
    "improvement: the prediction fails; in Cog it succeeds, without an output",
    ("body.status", "body.error"),
    lambda theirs, ours: (
        _ended(SUCCEEDED, "failed")(theirs, ours)
        and theirs.get("body.output") is None
        and "FileNotFoundError" in ours["body.error"]
    ),
)
UNSENDABLE = Difference(
    "outputs that cannot be sent",
    "the reason stands in the host's log",
    ("body.error",),
    lambda theirs, ours: (
        "is not JSON serializable" in _text(theirs, "body.error")
        and "cannot be sent" in _text(ours, "body.error")
    ),
)
ORDER_OF_LOGS = Difference(
    "order of logs and parts",
    "logs come from the process itself, also what libraries and other programs print: what is "
    "printed shortly before a part may be told with the next",
    ("events",),
    lambda theirs, ours: (
        "events" in theirs
        and "events" in ours
        and _sorted_out(theirs["events"]) == _sorted_out(ours["events"])
    ),
)
ORDER_OF_WEBHOOKS = Difference(
    "order of webhooks",
    "improvement: kept, each waits for the one before; Cog sends them side by side. And logs are "
    "told when they come, not with the next part",
    ("webhooks",),
    lambda theirs, ours: (
        all(body in ours["webhooks"] for body in theirs["webhooks"])
        and all(_is_log(body) for body in ours["webhooks"] if body not in theirs["webhooks"])
        and [_progress(body) for body in ours["webhooks"]]
        == sorted(_progress(body) for body in ours["webhooks"])
    ),
)
CHILDREN_PRINT = Difference(
    "what other programs print",
    "improvement: is in the logs",
    ("body.logs",),
    lambda theirs, ours: theirs["body.logs"] == "" and ours["body.logs"] == "from a child\n",
)
METRIC_TAKEN_AWAY = Difference(
    "metrics of None",
    "improvement: takes the metric away, as Cog's documentation says; there it fails",
    ("body.*",),
    lambda theirs, ours: (
        _ended("failed", SUCCEEDED)(theirs, ours)
        and "metric value type: NoneType" in theirs["body.error"]
        and ours["body.metrics"].keys() == {"predict_time"}
    ),
)

# --- the life of a model ---

ENDS_AT_ONCE = Difference(
    "cancelling",
    "improvement: also wakes what sleeps or waits, and is told at once, with the logs until then; "
    "Cog waits for what the predictor may still do, and has no logs in the answer to who waits",
    ("answer.body.logs", "end"),
    lambda theirs, ours: (
        theirs["answer.body.status"] == ours["answer.body.status"] == "canceled"
        and theirs["answer.body.logs"] == ""
        and ours["end"]["logs"].startswith(ours["answer.body.logs"] or "nothing")
        and {**ours["end"], "logs": ""}.items() <= {**theirs["end"], "logs": ""}.items()
    ),
)
REPLACED = Difference(
    "worker that died",
    "improvement: it is replaced; Cog answers 409 from then on",
    ("*",),
    lambda theirs, ours: (
        _became(409, 200, status=SUCCEEDED)(theirs, ours)
        or (theirs.get("body.status"), ours.get("body.status")) == ("UNHEALTHY", "READY")
    ),
)
SETUP_LOGS = Difference(
    "logs of the set-up",
    "improvement: what the model printed, and why it failed; Cog's have its own lines among them",
    ("body.setup",),
    lambda theirs, ours: (
        "body.setup" in theirs
        and {**theirs["body.setup"], "logs": ""} == {**ours["body.setup"], "logs": ""}
        and _same_setup(theirs["body.setup"]["logs"], ours["body.setup"]["logs"])
    ),
)
HEALTH_VERSION = Difference(
    "version in the health check",
    VERSION.reason,
    ("body.version",),
    lambda _, ours: "deepaas" in ours.get("body.version", {}),
)

EVERYWHERE = (
    ERROR_TEXTS,
    ERROR_TEXTS_IN_EVENTS,
    ERROR_TEXTS_IN_WEBHOOKS,
    LOGS_OF_FAILURES,
    ERROR_PAGES,
    SETUP_LOGS,
    HEALTH_VERSION,
)


def _close(theirs: Any, ours: Any) -> bool:
    """Whether two texts have the same words and nearly the same numbers."""
    pairs = zip(str(theirs).split(), str(ours).split(), strict=True)
    return all(a == b or math.isclose(float(a), float(b), rel_tol=1e-15) for a, b in pairs)


def _is_log(body: dict[str, Any]) -> bool:
    return body["logs"] != "" and "output" not in body and body["status"] == "processing"


def _progress(body: dict[str, Any]) -> tuple[bool, int, int]:
    return body["status"] != "processing", len(body.get("output", "")), len(body["logs"])


def _sorted_out(told: list[list[Any]]) -> dict[str, Any]:
    """Events by their kinds, and all that was printed as one text."""
    found: dict[str, Any] = {"log": ""}
    for kind, data in told:
        if kind == "log":
            found["log"] += data["data"]
        else:
            found.setdefault(kind, []).append(data)
    return found


def _same_setup(theirs: str, ours: str) -> bool:
    printed = re.findall(r"^\[coglet::setup\] (.*)$", theirs, re.MULTILINE)
    if theirs.startswith("worker setup failed: "):
        return theirs.rpartition("setup failed: ")[2] in ours
    # Cog may be asked before it has read all of it.
    return ours.splitlines()[: len(printed)] == printed
