"""Which encodings are taken from clients: those that Python has and reads in linear time."""

from __future__ import annotations

import encodings
import functools
import pkgutil
from encodings.aliases import aliases

SLOW = frozenset(("idna", "punycode"))
"""To read these takes time by the square of the length: 0.2 s for 64 KiB, hours for more."""


def is_known(name: str) -> bool:
    """Python itself is not asked: it remembers each name for which it was."""
    name = encodings.normalize_encoding(name).lower()
    return name in _names() or name.replace(".", "_") in _names()


@functools.cache
def _names() -> frozenset[str]:
    modules = {module.name for module in pkgutil.iter_modules(encodings.__path__)}
    names = {alias for alias, module in aliases.items() if module not in SLOW} | modules
    return frozenset(names - SLOW - {"aliases"})
