"""The requests that both hosts get."""

from __future__ import annotations

from .answers import ACCEPT, OBJECTS, RETURNED
from .arguments import DEFAULTS, HUB, NEW_STYLE, OLD_STYLE
from .bodies import BODIES, FILES
from .case import Case
from .fields import CUSTOM, NESTED, TYPES
from .routes import ROUTES

CASES: list[Case] = [
    *ROUTES,
    *OLD_STYLE,
    *NEW_STYLE,
    *DEFAULTS,
    *HUB,
    *BODIES,
    *FILES,
    *NESTED,
    *CUSTOM,
    *TYPES,
    *OBJECTS,
    *RETURNED,
    *ACCEPT,
]
