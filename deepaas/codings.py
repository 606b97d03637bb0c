"""Chooses how to compress a response, by ``Accept-Encoding`` (RFC 9110, section 12.5.3)."""

from __future__ import annotations

import functools
import re

_QUALITY = re.compile(r"q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)", re.IGNORECASE)
_ALIASES = {"x-gzip": "gzip"}
_LONGEST = 1024


@functools.lru_cache(maxsize=128)
def chosen(accepted: str, offered: tuple[str, ...]) -> str:
    """Return one of the codings offered, the best one first, or an empty text for none.

    What the client likes best is chosen. If it likes several equally, it is the first one offered;
    only if it likes ``identity`` better than all of them, none.
    """
    qualities: dict[str, float] = {}
    for one in accepted[:_LONGEST].lower().split(","):
        name, _, parameter = one.partition(";")
        name = name.strip()
        found = _QUALITY.fullmatch(parameter.strip()) if parameter.strip() else None
        if name and (found or not parameter.strip()):
            qualities.setdefault(_ALIASES.get(name, name), float(found[1]) if found else 1.0)
    others = qualities.get("*", 0.0)
    best = max(offered, key=lambda coding: qualities.get(coding, others), default="")
    quality = qualities.get(best, others)
    return best if quality > 0 and quality >= qualities.get("identity", 0.0) else ""
