"""Chooses one of the media types that a model offers by ``Accept`` (RFC 9110, 12.5.1)."""

from __future__ import annotations

from collections.abc import Sequence

ANY = "*/*"
JSON = "application/json"


def negotiate(header: str, offered: Sequence[str]) -> str:
    """The offered media type that a client prefers. If none matches, the header unchanged, so that
    the validator of the argument rejects it by name."""
    best: tuple[float, int, int] | None = None
    chosen = header
    for order, part in enumerate(header.split(",")):
        wanted, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight = _weight(parameters)
        match = _match(wanted, parameters, offered)
        if match is None or weight <= 0:
            continue
        # By weight, then specificity, then the order in the header.
        rank = (weight, 2 - wanted.count("*"), -order)
        if best is None or rank > best:
            best, chosen = rank, match
    return chosen


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


def _match(wanted: str, parameters: list[str], offered: Sequence[str]) -> str | None:
    for choice in offered:
        if choice.lower() == wanted:
            return choice
    # An offer with parameters matches requests with the same parameters, or with none.
    asked = [one for one in parameters if not one.startswith("q=")]
    for choice in offered:
        essence, *own = (piece.strip().lower() for piece in choice.split(";"))
        if own and essence == wanted and (not asked or asked == own):
            return choice
    main, _, sub = wanted.partition("/")
    if sub != "*":
        # An offer may be a range: "image/*" matches image/png.
        for choice in offered:
            if choice != ANY and choice.lower() == f"{main}/*":
                return choice
        return None
    for choice in offered:
        if choice != ANY and (main == "*" or choice.lower().startswith(f"{main}/")):
            return choice
    return None
