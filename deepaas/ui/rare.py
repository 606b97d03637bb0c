"""Selects which inputs of a long form are shown, and which are folded under "More"."""

from __future__ import annotations

from collections.abc import Sequence

from deepaas.client.description import Argument

SHOWN_COUNT = 6
"""Maximum number of visible inputs, unless more are required."""

LEAST_COUNT = 3
"""Minimum number of inputs to fold."""


def rare(arguments: Sequence[Argument]) -> frozenset[str]:
    """Return the names of the arguments to fold: optional ones after the first few inputs.

    Files are always visible because they are often the main input, even if optional.
    """
    optional = [a.name for a in arguments if not a.required and a.kind != "file"]
    room = SHOWN_COUNT - (len(arguments) - len(optional))
    folded = optional[max(0, room) :]
    return frozenset(folded if len(folded) >= LEAST_COUNT else ())
