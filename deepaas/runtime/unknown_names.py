"""Names in a request that are not those of arguments.

They are ignored, as in DEEPaaS 2.x, but probably misspelt: the host tells the client and its log.
"""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Collection, Mapping

MAX_NAMES_COUNT = 5
MAX_NAME_CHARACTERS = 50

ALIKE = 0.6
"""Low, because names of arguments can be as short as ``a``."""

UNKNOWN = "unknown argument"

LOOKS_LIKE_JSON = (
    "the body looks like JSON, but was sent as a form: use the header "
    "'Content-Type: application/json' (with curl: --json instead of -d)"
)


ANYWHERE = "anywhere"
"""The place of values that are not from a request of V2."""


class UnknownNames:
    """Of one function. ``places`` has the names of its arguments by place of a request."""

    def __init__(self, places: Mapping[str, Collection[str]]) -> None:
        self._all = set(itertools.chain.from_iterable(places.values()))
        known = {place: frozenset(names) for place, names in places.items()}
        self._places = {**known, ANYWHERE: frozenset(self._all)}

    def among(self, place: str, names: Collection[str]) -> dict[str, str]:
        """What to say about names in a place from which no argument of this name is read, at most
        ``MAX_NAMES_COUNT``."""
        known = self._places[place]
        if known.issuperset(names):
            return {}
        # A codec may decode other keys, which are reported as invalid.
        names = [name for name in names if isinstance(name, str)]
        if place == "form" and len(names) == 1 and names[0].lstrip()[:1] in ("{", "["):
            return {} if names[0] in known else {"form": LOOKS_LIKE_JSON}
        unknown = itertools.islice((name for name in names if name not in known), MAX_NAMES_COUNT)
        return {_shortened(name): self._say(name, names) for name in unknown}

    def _say(self, name: str, given: Collection[str]) -> str:
        elsewhere = [place for place, names in self._places.items() if name in names]
        if elsewhere:
            return f"this argument is read from {elsewhere[0]}"
        free = sorted(self._all.difference(given))
        near = difflib.get_close_matches(_shortened(name), free, 1, ALIKE)
        return f"{UNKNOWN}, did you mean {near[0]!r}?" if near else UNKNOWN


def notice(ignored: Mapping[str, str]) -> str:
    """One line, in ASCII, for a log and a header; empty if nothing was ignored."""
    return "; ".join(f"ignored {name!a}: {ascii(said)[1:-1]}" for name, said in ignored.items())


def messages(ignored: Mapping[str, str]) -> dict[str, list[str]]:
    """Messages by name, like those about invalid arguments, if there is something to advise.

    Others are only in the notice: DEEPaaS 2.x does not report them.
    """
    return {
        name: [f"{said[0].upper()}{said[1:]}{'' if said[-1] == '?' else '.'}"]
        for name, said in ignored.items()
        if said != UNKNOWN
    }


def _shortened(name: str) -> str:
    return name if len(name) <= MAX_NAME_CHARACTERS else f"{name[:MAX_NAME_CHARACTERS]}..."
