"""The headers ``traceparent`` and ``tracestate`` (https://www.w3.org/TR/trace-context/)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from multidict import istr

TRACEPARENT, TRACESTATE = istr("traceparent"), istr("tracestate")

_PARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.{0,200})?")

_STATE = re.compile(r"[\x20-\x7e\t]{1,512}")

_SAMPLED = 1


class TraceParent(NamedTuple):
    """A span of another program. Ids are in lower-case hexadecimal."""

    trace_id: str
    span_id: str
    is_sampled: bool

    def __str__(self) -> str:
        return f"00-{self.trace_id}-{self.span_id}-{self.is_sampled:02x}"


def trace_parent(lines: Sequence[str]) -> TraceParent | None:
    """Parse the lines of the header; None if it is missing or malformed."""
    found = _PARENT.fullmatch(lines[0]) if len(lines) == 1 else None
    if found is None:
        return None
    version, trace_id, span_id, flags, more = found.groups()
    if (
        version == "ff"
        or (version == "00" and more)
        or not (int(trace_id, 16) and int(span_id, 16))
    ):
        return None
    return TraceParent(trace_id, span_id, bool(int(flags, 16) & _SAMPLED))


def trace_state(lines: Sequence[str]) -> str:
    """What goes along unchanged; empty if it is malformed or too long."""
    joined = ",".join(lines)
    return joined if _STATE.fullmatch(joined) else ""
