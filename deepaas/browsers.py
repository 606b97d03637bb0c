"""Headers that tell browsers what they may do with a response, and which pages may read it.

The host's own pages declare what they need (``Content-Security-Policy``). Everything else is
untrusted: a result of a model, a file, a log. Browsers may show it and nothing more.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from multidict import CIMultiDict, istr

# `istr`: these are looked up for each response, and comparing them makes no copies.
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
"""For untrusted content: no scripts, no requests, and no foreign page can embed it."""

JSON = "application/json"
"""A type that no browser takes for another one, if guessing is disabled.

It is neither executed nor given to the process of a foreign page (ORB), which can only frame it.
"""

TEXT_ONLY_SHOWN = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"

NOT_FRAMED = "frame-ancestors 'self'"

_TEXT = re.compile(r"text/plain|text/event-stream", re.IGNORECASE)

_EXECUTED = re.compile(r"html|xml|svg|mathml|pdf|script|multipart/|message/|flash", re.IGNORECASE)


def wants_page(accept: str) -> bool:
    """Whether it is a browser: their ``Accept`` header names HTML."""
    return "text/html" in accept.lower()


@dataclass(frozen=True)
class Told:
    """Headers for a response; ``attachment``: save it, unless the response says otherwise."""

    headers: CIMultiDict[str]
    attachment: bool
    is_page: bool


@functools.lru_cache(maxsize=256)
def told(media_type: str, policy: str, shared: bool, shown: bool) -> Told:
    """The headers for a response of a ``Content-Type``; cached, because there are only a few.

    ``policy`` is its own ``Content-Security-Policy``; ``shared``: pages of some other origins may
    read it; ``shown``: it is for a window or a frame, which request HTML.
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
