"""Where our answers may differ from DEEPaaS 2.6.0's, each with its name and its reason.

A difference that is no longer one makes the tests fail as well: the list stays short and true.
Fault numbers are those of the list in the docstring of `test_faults_of_*.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from .wire import Answer

COMPARED = ("content-type", "location", "allow", "content-disposition")


@dataclass(frozen=True)
class Difference:
    name: str
    reason: str
    covers: frozenset[str]
    """What may differ: `status`, `body` or the name of a header."""
    applies: Callable[[Answer, Answer], bool]
    """Whether theirs and ours differ in just the way that is meant."""


def aspects(answer: Answer) -> dict[str, object]:
    headers = {name: answer.headers.get(name) for name in COMPARED}
    if answer.media_type == "application/json":
        headers["content-type"] = answer.media_type
    if headers["allow"]:
        headers["allow"] = ",".join(sorted(headers["allow"].replace(" ", "").split(",")))
    return {"status": answer.status, "body": answer.body, **headers}


def unexplained(theirs: Answer, ours: Answer, named: Iterable[Difference]) -> dict[str, object]:
    """The aspects that differ and that no difference covers, each with both values."""
    named = list(named)
    covered: set[str] = set()
    for difference in [*EVERYWHERE, *named]:
        if difference.applies(theirs, ours):
            covered |= difference.covers
    pairs = zip(aspects(theirs).items(), aspects(ours).values(), strict=True)
    found = {
        aspect: {"theirs": value, "ours": our_value}
        for (aspect, value), our_value in pairs
        if value != our_value and aspect not in covered
    }
    stale = [each.name for each in named if not each.applies(theirs, ours)]
    return found | ({"no difference any more": stale} if stale else {})


def is_error_body(answer: Answer) -> bool:
    body = answer.body
    return (
        isinstance(body, dict)
        and body.get("code") == answer.status
        and isinstance(body.get("message"), str)
        and (answer.status != 500 or isinstance(body.get("id"), str))
    )


ADDED = frozenset({"start_date", "finish_date", "duration_seconds", "progress", "links"})
"""What we tell of a training and DEEPaaS does not."""


def _same_training(theirs: object, ours: object, *changed: str) -> bool:
    """Whether two trainings are the same but for the keys that are added or may have changed."""
    if not (isinstance(theirs, dict) and isinstance(ours, dict)):
        return False
    extra = ours.keys() - theirs.keys()
    return (
        {"uuid", "date", "args", "status"} <= theirs.keys() <= ours.keys() | {*changed}
        and extra <= ADDED | {*changed}
        and all(theirs[key] == ours[key] for key in theirs if key not in changed)
    )


def _same_trainings(theirs: Answer, ours: Answer) -> bool:
    their_body, our_body = theirs.body, ours.body
    if not (isinstance(their_body, list) and isinstance(our_body, list)):
        return _same_training(their_body, our_body)
    return len(their_body) == len(our_body) and all(map(_same_training, their_body, our_body))


def _ends(theirs: Answer, ours: Answer, *changed: str) -> bool:
    return theirs.status == ours.status == 200 and _same_training(theirs.body, ours.body, *changed)


def _is_training(answer: Answer, *states: str) -> bool:
    body = answer.body
    return (
        answer.status == 200
        and isinstance(body, dict)
        and {"uuid", "date", "args", "status"} <= body.keys()
        and (not states or body["status"] in states)
    )


def _value(answer: Answer, *keys: str) -> Any:
    value = answer.body
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _passwords_hidden(theirs: Answer, ours: Answer) -> bool:
    shown, hidden = _value(theirs, "args", "password"), _value(ours, "args", "password")
    rest = [
        {key: value for key, value in (_value(answer, "args") or {}).items() if key != "password"}
        for answer in (theirs, ours)
    ]
    return _ends(theirs, ours, "args") and rest[0] == rest[1] and hidden == "********" != shown


def _without_head(allow: str | None) -> str:
    return ",".join(sorted({*(allow or "").replace(" ", "").split(",")} - {"HEAD"}))


ERROR_BODY = Difference(
    "error body",
    "improvement: errors have one JSON shape; DEEPaaS sends aiohttp's text/plain",
    frozenset({"body", "content-type"}),
    lambda theirs, ours: (
        theirs.status >= 400 and theirs.media_type == "text/plain" and is_error_body(ours)
    ),
)
HEAD_ALLOWED = Difference(
    "HEAD is allowed",
    "fault 28: HEAD is refused where GET is answered",
    frozenset({"allow"}),
    lambda theirs, ours: (
        "GET" in theirs.headers.get("allow", "")
        and "HEAD" in ours.headers.get("allow", "")
        and _without_head(theirs.headers.get("allow")) == _without_head(ours.headers.get("allow"))
    ),
)
UNREADABLE_BODY = Difference(
    "unreadable body",
    "improvement: a body of a type that cannot be read is refused, not silently ignored",
    frozenset({"status", "body", "content-type"}),
    lambda theirs, ours: theirs.status == 200 and ours.status == 415 and is_error_body(ours),
)
DISABLED = Difference(
    "disabled endpoint",
    "fault 30: 402 Payment Required for what is switched off",
    frozenset({"status", "body", "content-type"}),
    lambda theirs, ours: theirs.status == 402 and ours.status == 403 and is_error_body(ours),
)
FILE_NAME = Difference(
    "name of a returned file",
    "fault 39: Content-Disposition names the server's temporary file",
    frozenset({"content-disposition"}),
    lambda theirs, ours: (
        "filename=" in theirs.headers.get("content-disposition", "")
        and ours.headers.get("content-disposition", "").startswith("attachment")
    ),
)
NO_PLACEHOLDER = Difference(
    "a model that does not describe itself",
    "improvement: 'Could not load description from underlying model' sounds like a fault",
    frozenset({"body"}),
    lambda theirs, ours: (
        _PLACEHOLDER in str(theirs.body)
        and _PLACEHOLDER not in str(ours.body)
        and _without_descriptions(theirs.body) == _without_descriptions(ours.body)
    ),
)
CURRENT_SWAGGER_UI = Difference(
    "Swagger UI",
    "improvement: a current Swagger UI; DEEPaaS has one of 2018",
    frozenset({"body", "content-type"}),
    lambda theirs, ours: theirs.media_type == ours.media_type == "text/html",
)

REDIRECT_BODY = Difference(
    "body of a redirect",
    "improvement: says where to, for clients that do not follow; DEEPaaS sends the status in words",
    frozenset({"body", "content-type"}),
    lambda theirs, ours: (
        theirs.status in {302, 308}
        and theirs.media_type == "text/plain"
        and (
            ours.content == b"" or (is_error_body(ours) and "send the request to" in str(ours.body))
        )
    ),
)
MORE_JSON = Difference(
    "bytes, sets, dates, data classes",
    "improvement: sent as JSON (base64, list, ISO 8601, object); DEEPaaS fails with 500",
    frozenset({"status", "body", "content-type"}),
    lambda theirs, ours: (
        theirs.status == 500 and ours.status == 200 and ours.media_type == "application/json"
    ),
)
NOT_A_NUMBER = Difference(
    "NaN and infinities",
    "fault 25: sent as words that JSON does not know; ours are null",
    frozenset({"body"}),
    lambda theirs, ours: b"NaN" in theirs.content and b"null" in ours.content,
)
SAFE_NAME = Difference(
    "safe file names",
    "fault 37: original_filename is passed on as it is; ours has no unusual characters",
    frozenset({"body"}),
    lambda theirs, ours: (
        theirs.status == ours.status == 200
        and b'"original_filename": "a%22b%20c.png"' in theirs.content
        and b'"a_22b_20c.png"' in ours.content
    ),
)
TEXT_FOR_FILE = Difference(
    "text instead of a file",
    "fault 19: text where a file belongs reaches the model as str",
    frozenset({"status", "body", "content-type"}),
    lambda theirs, ours: theirs.status in {200, 500} and ours.status == 422,
)
TEXT_FILE = Difference(
    "file opened as text",
    "improvement: sent; DEEPaaS cannot get it out of its worker",
    frozenset({"status", "body", "content-type"}),
    lambda theirs, ours: theirs.status == 500 and ours.status == 200,
)
WILDCARD_CHOICE = Difference(
    "choice with a wildcard",
    "fault 24: audio/wav is refused where audio/* is offered",
    frozenset({"status", "body", "content-type"}),
    lambda theirs, ours: (
        theirs.status == 422 and ours.status == 200 and ours.content_type == "audio/*"
    ),
)
UNDECODABLE_HEADER = Difference(
    "header that is not UTF-8",
    "improvement: the byte becomes U+FFFD; DEEPaaS hands on half a surrogate pair, with which "
    "neither a file nor a log can be written",
    frozenset({"body"}),
    lambda theirs, ours: b"\\udce9" in theirs.content and "\ufffd".encode() in ours.content,
)

MORE_ABOUT_TRAININGS = Difference(
    "more about training runs",
    "improvement: dates, duration_seconds, progress and links beside what DEEPaaS tells",
    frozenset({"body"}),
    lambda theirs, ours: theirs.status == ours.status == 200 and _same_trainings(theirs, ours),
)
MESSAGES = Difference(
    "message of a failed training run",
    "improvement: with the class of the exception, whose text alone often says nothing",
    frozenset({"body"}),
    lambda theirs, ours: (
        _ends(theirs, ours, "message")
        and _value(ours, "status") == "error"
        and _value(theirs, "message") in _value(ours, "message") != _value(theirs, "message")
    ),
)
PASSWORDS = Difference(
    "passwords of training runs",
    "improvement: trainings are kept, and shown to everybody; of a password only stars",
    frozenset({"body"}),
    _passwords_hidden,
)
FILES_FOR_TRAININGS = Difference(
    "files for training runs",
    "fault 16: a training with a file ends with 'I/O operation on closed file.'",
    frozenset({"body"}),
    lambda theirs, ours: (
        _ends(theirs, ours, "status", "message", "result")
        and (_value(theirs, "status"), _value(ours, "status")) == ("error", "done")
        and "UploadedFile" in str(_value(ours, "result", "output"))
    ),
)
MORE_FOR_TRAININGS = Difference(
    "dates, sets and bytes of training runs",
    "faults 14 and 15: 500 for arguments and results that JSON does not know; ours are shown as "
    "elsewhere, or as text",
    frozenset({"status", "body", "content-type"}),
    lambda theirs, ours: theirs.status == 500 and _is_training(ours),
)
ODD_RESULTS = Difference(
    "unusual results of training runs",
    "improvement: as text, the training is done; in DEEPaaS it ends as an error",
    frozenset({"body"}),
    lambda theirs, ours: (
        _ends(theirs, ours, "status", "message", "result")
        and (_value(theirs, "status"), _value(ours, "status")) == ("error", "done")
        and "pickle" in _value(theirs, "message")
    ),
)
OWN_PROCESS = Difference(
    "process of a training run",
    "improvement: one for each, so that predictions do not wait (fault 9); what calls before it "
    "left in globals is not there",
    frozenset({"body"}),
    lambda theirs, ours: (
        _ends(theirs, ours, "result")
        and (_value(theirs, "result", "output"), _value(ours, "result", "output")) == (2, 1)
    ),
)
QUEUED = Difference(
    "queued training run",
    "improvement: says so; in DEEPaaS it is `running` although it waits for a worker",
    frozenset({"body"}),
    lambda theirs, ours: (
        _ends(theirs, ours, "status")
        and (_value(theirs, "status"), _value(ours, "status")) == ("running", "queued")
    ),
)
DELETE_ANSWERS = Difference(
    "DELETE of a training run",
    "faults 11 and 13: 500 for one that runs or has failed, though it is cancelled or removed",
    frozenset({"status", "body", "content-type"}),
    lambda theirs, ours: theirs.status == 500 and _is_training(ours, "cancelled", "error"),
)
DELETED_STAYS = Difference(
    "deleted training runs",
    "improvement: stay, with all that they wrote; DEEPaaS forgets them",
    frozenset({"status", "body", "content-type"}),
    lambda theirs, ours: theirs.status == 404 and _is_training(ours),
)

EVERYWHERE = (ERROR_BODY, HEAD_ALLOWED, REDIRECT_BODY, MORE_ABOUT_TRAININGS)


_PLACEHOLDER = "Could not load description from underlying model"


def _without_descriptions(body: Any) -> Any:
    if isinstance(body, list):
        return [_without_descriptions(one) for one in body]
    if isinstance(body, dict):
        return {k: _without_descriptions(v) for k, v in body.items() if k != "description"}
    return body
