"""Which inputs of a long form are shown at once, and which are folded under "More"."""

from __future__ import annotations

from collections.abc import Sequence

from deepaas.client.description import Argument

SHOWN_COUNT = 6
"""A form with room for so many inputs at once shows more of them only if they are required."""

LEAST_COUNT = 3
"""Fewer than this are not worth a fold."""


def rare(arguments: Sequence[Argument]) -> frozenset[str]:
    """The names of the arguments to fold: the optional ones beyond the first few inputs.

    Files are what many a model is about, even where it can do without.
    """
    optional = [a.name for a in arguments if not a.required and a.kind != "file"]
    room = SHOWN_COUNT - (len(arguments) - len(optional))
    folded = optional[max(0, room) :]
    return frozenset(folded if len(folded) >= LEAST_COUNT else ())
