"""What browsers are told of answers: what they may do with them, and who may have them.

A page of our own says itself what it needs (``Content-Security-Policy``). Whatever does not is
somebody else's: a model's answer, a file, a log. A browser may show it and nothing more.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from multidict import CIMultiDict, istr

# `istr`: these are looked up for each answer, and are compared without making copies of them.
POLICY = istr("Content-Security-Policy")
DISPOSITION = istr("Content-Disposition")
REFERRER = istr("Referrer-Policy")
OPENER = istr("Cross-Origin-Opener-Policy")
TYPE_OPTIONS = istr("X-Content-Type-Options")
RESOURCE = istr("Cross-Origin-Resource-Policy")
FRAME = istr("X-Frame-Options")

ONLY_SHOWN = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; "
    "media-src 'self' data:; font-src data:; frame-ancestors 'self'"
)
"""For what is not ours: no script runs, no address is called, and no foreign page shows it."""

JSON = "application/json"
"""What no browser takes for anything else, once it may not guess.

It is neither executed nor given to the process of a foreign page (ORB), which may only frame it.
"""

TEXT_ONLY_SHOWN = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"

NOT_FRAMED = "frame-ancestors 'self'"

_TEXT = re.compile(r"text/plain|text/event-stream", re.IGNORECASE)

_EXECUTED = re.compile(r"html|xml|svg|mathml|pdf|script|multipart/|message/|flash", re.IGNORECASE)


def wants_page(accept: str) -> bool:
    """Tell a browser, which asks for HTML by name, from a program; by its ``Accept`` header."""
    return "text/html" in accept.lower()


@dataclass(frozen=True)
class Told:
    """What belongs to an answer; ``attachment`` if it is to be saved, unless it says otherwise."""

    headers: CIMultiDict[str]
    attachment: bool
    is_page: bool


@functools.lru_cache(maxsize=256)
def told(media_type: str, policy: str, shared: bool, shown: bool) -> Told:
    """What belongs to an answer, of a ``Content-Type``; the same few are asked for again and again.

    ``policy`` is its own ``Content-Security-Policy``, ``shared`` that pages of some other origins
    may have it, ``shown`` that it is for a window or a frame: these ask for HTML.
    """
    headers = CIMultiDict({TYPE_OPTIONS: "nosniff"})
    if media_type.partition(";")[0] == JSON:
        if shown:
            headers[POLICY] = NOT_FRAMED
        return Told(headers, attachment=False, is_page=False)
    is_page = "html" in media_type.lower()
    if not shared:
        headers[RESOURCE] = "same-origin"
    if is_page:  # For browsers that do not know frame-ancestors.
        headers[FRAME] = "SAMEORIGIN"
    if policy and NOT_FRAMED not in policy:
        headers[POLICY] = NOT_FRAMED
    elif not policy:
        headers[POLICY] = TEXT_ONLY_SHOWN if _TEXT.match(media_type) else ONLY_SHOWN
    return Told(
        headers,
        attachment=not policy and _EXECUTED.search(media_type) is not None,
        is_page=is_page,
    )
