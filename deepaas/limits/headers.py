"""The headers ``RateLimit`` and ``RateLimit-Policy`` (draft-ietf-httpapi-ratelimit-headers-10)."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping

from multidict import istr

from deepaas.limits.limiter import AppliedLimits

POLICY = istr("RateLimit-Policy")
STANDING = istr("RateLimit")


def standing_header(applied: AppliedLimits) -> str:
    now = time.monotonic()
    items = []
    for policy, who in applied.counted:
        left, seconds = policy.left(who, now)
        items.append(_item(policy.name, left, seconds))
    return ", ".join(items)


def refused_header(applied: AppliedLimits, violated: Mapping[str, float]) -> str:
    """Only of what has refused the call: ``Retry-After`` must not be earlier than any ``t``."""
    now = time.monotonic()
    return ", ".join(
        [
            _item(policy.name, policy.left(who, now)[0], violated[policy.name])
            for policy, who in applied.counted
            if policy.name in violated
        ]
    )


def _item(name: str, left: int, seconds: float) -> str:
    if not seconds:
        return f'"{name}";r={left}'
    return f'"{name}";r={left};t={math.ceil(seconds)}'
