"""Checks of packages, from the files of the project to the object of the entry point."""

from __future__ import annotations

from typing import Any

from deepaas.check.kinds import ModelCheck, adopted
from deepaas.check.session import Session
from deepaas.kinds.entry_point.check import loading, requirements
from deepaas.kinds.entry_point.check.codes import CODES
from deepaas.kinds.entry_point.check.search import find


def check(session: Session) -> Any:
    """Return the author's object; None if it is missing, or another kind has checked it."""
    target = session.target
    session.guard(lambda: session.take(requirements.check(target)), "the requirements")
    session.guard(lambda: session.take(requirements.hub_metadata(target)), "the metadata file")
    found = loading.load(session)
    if found is None or adopted(session, found):
        return None
    return loading.made(session, found)


KIND = ModelCheck(find, check, codes=CODES)
