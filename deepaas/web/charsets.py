"""Encodings that clients may use: those that Python decodes in linear time."""

from __future__ import annotations

import encodings
import functools
import pkgutil
from encodings.aliases import aliases

SLOW = frozenset(("idna", "punycode"))
"""Decoding these takes quadratic time: 0.2 s for 64 KiB, hours for more."""


def is_known(name: str) -> bool:
    """Does not use ``codecs.lookup``, which caches every name that it is given."""
    name = encodings.normalize_encoding(name).lower()
    return name in _names() or name.replace(".", "_") in _names()


@functools.cache
def _names() -> frozenset[str]:
    modules = {module.name for module in pkgutil.iter_modules(encodings.__path__)}
    names = {alias for alias, module in aliases.items() if module not in SLOW} | modules
    return frozenset(names - SLOW - {"aliases"})
