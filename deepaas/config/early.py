"""An option that is needed while all others are still unknown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from deepaas.options import short_variable, variable


def given_early(name: str, argv: Sequence[str], environment: Mapping[str, str]) -> str:
    """Return its value as given, or an empty text. INI files are not read."""
    spelt = f"--{name.replace('_', '-')}"
    for before, one in reversed([*pairwise(["", *argv])]):
        if before == spelt:
            return one
        if one.startswith(f"{spelt}="):
            return one.partition("=")[2]
    variables = (short_variable(name), variable("default", name))
    return next((environment[one] for one in variables if one in environment), "")
