"""Compares the arguments of ``predict`` and ``train`` with their parameters."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from deepaas.check.session import Session
from deepaas.runtime import signatures
from deepaas.runtime.signatures import Mismatch


def check(
    session: Session,
    function: str,
    call: Any,
    always: Sequence[str],
    sometimes: Sequence[str],
    unknown: Collection[str],
) -> bool:
    """Report mismatches; see :func:`deepaas.runtime.signatures.mismatches`."""
    return _tell(session, call, signatures.mismatches(function, call, always, sometimes, unknown))


def check_undeclared(session: Session, function: str, call: Any, misspelt: str) -> bool:
    """Check that a function without ``get_…_args`` can be called without arguments."""
    _tell(session, call, signatures.without_declaration(function, call, misspelt))
    return not signatures.needed(call)


def _tell(session: Session, call: Any, mismatches: Iterable[Mismatch]) -> bool:
    place = session.places.of_function(call) or session.place
    found = [*mismatches]
    for code, problem, fix in found:
        session.add(code, place, problem, fix)
    return not found
