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
        told = f";t={math.ceil(seconds)}" if seconds else ""
        items.append(f'"{policy.name}";r={left}{told}')
    return ", ".join(items)


def refused_header(applied: AppliedLimits, violated: Mapping[str, float]) -> str:
    """Only of what has refused the call: ``Retry-After`` must not be earlier than any ``t``."""
    now = time.monotonic()
    return ", ".join(
        [
            f'"{policy.name}";r={policy.left(who, now)[0]};t={math.ceil(violated[policy.name])}'
            for policy, who in applied.counted
            if policy.name in violated
        ]
    )
