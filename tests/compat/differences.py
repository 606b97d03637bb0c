"""Where our answers may differ from DEEPaaS 2.6.0's, each with its name and its reason.

A difference that is no longer one makes the tests fail as well: the list stays short and true.
Fault numbers are those of the list in the docstring of `test_faults.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

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
CURRENT_SWAGGER_UI = Difference(
    "Swagger UI",
    "improvement: a current Swagger UI; DEEPaaS has one of 2018",
    frozenset({"body", "content-type"}),
    lambda theirs, ours: theirs.media_type == ours.media_type == "text/html",
)

REDIRECT_BODY = Difference(
    "body of a redirect",
    "improvement: no body, that nobody reads; DEEPaaS sends the status in words",
    frozenset({"body", "content-type"}),
    lambda theirs, ours: (
        theirs.status in {302, 308} and theirs.media_type == "text/plain" and ours.content == b""
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
    "safe names of files",
    "fault 37: original_filename is passed on as it is; ours has no unusual characters",
    frozenset({"body"}),
    lambda theirs, ours: (
        theirs.status == ours.status == 200
        and b'"original_filename": "a%22b%20c.png"' in theirs.content
        and b'"a_22b_20c.png"' in ours.content
    ),
)
TEXT_FOR_FILE = Difference(
    "text for a file",
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
    "header that is no UTF-8",
    "improvement: the byte becomes U+FFFD; DEEPaaS hands on half a surrogate pair, with which "
    "neither a file nor a log can be written",
    frozenset({"body"}),
    lambda theirs, ours: b"\\udce9" in theirs.content and "\ufffd".encode() in ours.content,
)

EVERYWHERE = (ERROR_BODY, HEAD_ALLOWED, REDIRECT_BODY)
