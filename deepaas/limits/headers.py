"""The headers ``RateLimit`` and ``RateLimit-Policy`` (draft-ietf-httpapi-ratelimit-headers-10)."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping

from deepaas.limits.limiter import Account

POLICY = "RateLimit-Policy"
STANDING = "RateLimit"


def standing_header(account: Account) -> str:
    now = time.monotonic()
    return ", ".join(
        [_item(policy.name, *policy.left(who, now)) for policy, who in account.counted]
    )


def refused_header(account: Account, violated: Mapping[str, float]) -> str:
    """Only of what has refused the call: ``Retry-After`` must not be earlier than any ``t``."""
    now = time.monotonic()
    return ", ".join(
        [
            _item(policy.name, policy.left(who, now)[0], violated[policy.name])
            for policy, who in account.counted
            if policy.name in violated
        ]
    )


def _item(name: str, left: int, seconds: float) -> str:
    return f'"{name}";r={left}' + (f";t={math.ceil(seconds)}" if seconds else "")
