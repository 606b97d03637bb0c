"""Where our answers may differ from those of Cog 0.23.1, each with its name and its reason.

A difference that is no longer one makes the tests fail as well: the list stays short and true.
`docs/how-to/cog.md` tells of each of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

from .difference import (
    SUCCEEDED,
    Difference,
    became,
    close,
    ended,
    failed_alike,
    is_log,
    progress,
    same_reason,
    same_setup,
    sorted_out,
    text,
    told_alike,
)
from .seen import Seen

# --- errors and logs ---

ERROR_TEXTS = Difference(
    "texts of errors",
    "improvement: said once, on one line, with what caused it; Cog says `Prediction failed` twice",
    ("body.error",),
    same_reason,
)
ERROR_TEXTS_IN_EVENTS = Difference(
    "texts of errors, in events",
    ERROR_TEXTS.reason,
    ("events",),
    told_alike("events"),
)
ERROR_TEXTS_IN_WEBHOOKS = Difference(
    "texts of errors, in webhooks",
    ERROR_TEXTS.reason,
    ("webhooks",),
    told_alike("webhooks"),
)
LOGS_OF_FAILURES = Difference(
    "logs and first parts of failures",
    "improvement: they are there, as in webhooks; Cog leaves them out of the answer itself",
    ("body.logs", "body.output"),
    lambda theirs, ours: (
        failed_alike(theirs, ours)
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
        text(one, "body.error").startswith("Input validation error: ") for one in (theirs, ours)
    ),
)
READER = Difference(
    "words of the JSON reader",
    "another reader: the same beginning, then its own words for what is wrong",
    ("body",),
    lambda theirs, ours: (
        theirs.get("status") == ours.get("status") in (400, 422)
        and text(theirs, "body").partition(": ")[0] == text(ours, "body").partition(": ")[0]
        and text(ours, "body").startswith("Failed to ")
    ),
)
ERROR_PAGES = Difference(
    "pages that are not there",
    "improvement: errors have a body; Cog's is empty",
    ("body*", "content-type"),
    lambda theirs, ours: (
        theirs.get("status") == ours.get("status") in (404, 405)
        and theirs["body"] == b""
        and ours.get("body.status") == "failed"
    ),
)
CRASH_REASON = Difference(
    "reason of a crash",
    "improvement: with how the process ended",
    ("body.error",),
    lambda theirs, ours: (
        text(theirs, "body.error") == "Worker crashed"
        and text(ours, "body.error").startswith("Worker crashed: the process of model")
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
    became(422, 200, status=SUCCEEDED),
)
ANYTHING = Difference(
    "Any",
    "improvement: it is anything; Cog takes objects only",
    ("*",),
    lambda theirs, ours: (
        became(422, 200, status=SUCCEEDED)(theirs, ours)
        and all('is not of type "object"' in each["msg"] for each in theirs["body.detail"])
    ),
)
DECLARED_NUMBERS = Difference(
    "numbers as declared",
    "improvement: float gets a float and int an int, large ones too; Cog passes on what JSON has",
    ("body.output",),
    lambda theirs, ours: (
        theirs.get("body.status") == ours.get("body.status") == SUCCEEDED
        and close(theirs["body.output"], ours["body.output"])
    ),
)
NO_PATHS = Difference(
    "paths of the host",
    "improvement: refused; Cog hands any text to the predictor, which may open it",
    ("body.error",),
    lambda theirs, ours: (
        "'str' object has no attribute" in text(theirs, "body.error")
        and "is not an http or https URL" in text(ours, "body.error")
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
    ended("failed", SUCCEEDED),
)
LOST_FILES = Difference(
    "files that are not there",
    "improvement: the prediction fails; in Cog it succeeds, without an output",
    ("body.status", "body.error"),
    lambda theirs, ours: (
        ended(SUCCEEDED, "failed")(theirs, ours)
        and theirs.get("body.output") is None
        and "FileNotFoundError" in ours["body.error"]
    ),
)
UNSENDABLE = Difference(
    "outputs that cannot be sent",
    "the reason stands in the host's log",
    ("body.error",),
    lambda theirs, ours: (
        "is not JSON serializable" in text(theirs, "body.error")
        and "cannot be sent" in text(ours, "body.error")
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
        and sorted_out(theirs["events"]) == sorted_out(ours["events"])
    ),
)
ORDER_OF_WEBHOOKS = Difference(
    "order of webhooks",
    "improvement: kept, each waits for the one before; Cog sends them side by side. And logs are "
    "told when they come, not with the next part",
    ("webhooks",),
    lambda theirs, ours: (
        all(body in ours["webhooks"] for body in theirs["webhooks"])
        and all(is_log(body) for body in ours["webhooks"] if body not in theirs["webhooks"])
        and [progress(body) for body in ours["webhooks"]]
        == sorted(progress(body) for body in ours["webhooks"])
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
        ended("failed", SUCCEEDED)(theirs, ours)
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
        became(409, 200, status=SUCCEEDED)(theirs, ours)
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
        and same_setup(theirs["body.setup"]["logs"], ours["body.setup"]["logs"])
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
