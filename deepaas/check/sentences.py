"""Divides what a host says of a model into the problem and its fix."""

from __future__ import annotations

OTHERWISE = "correct the code that this is about"


def problem_and_fix(said: str, otherwise: str = OTHERWISE) -> tuple[str, str]:
    """The last sentence says what to do; if there is only one, that is ``otherwise``."""
    problem, _, fix = said.rpartition(". ")
    if not problem:
        return said, otherwise
    return problem, f"{fix[:1].lower()}{fix[1:]}".rstrip(".")
