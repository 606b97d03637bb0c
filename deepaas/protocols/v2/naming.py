"""Who has which name among the definitions of the Swagger document: models first, then the host.

Programs look for a model's definitions by the names that its author gave them, as in DEEPaaS 2.x.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from deepaas.messages import Description

Definitions = dict[str, Any]
T = TypeVar("T")

OF_MODELS = "#/definitions/"
OF_HOST = "#/host/"
"""How the host points at a definition of its own until it is known what that is called."""


def take(definitions: Definitions, description: Description) -> Description:
    """Add a model's definitions; another model may use a name of them for something else.

    Returns:
        the description with its references as the document has them.
    """
    names = {name: name for name in description.definitions}
    while True:
        named = _renamed(description, OF_MODELS, names)
        own = {names[name]: definition for name, definition in named.definitions.items()}
        clashing = [
            name
            for name, new in names.items()
            if new in definitions and definitions[new] != own[new]
        ]
        if not clashing:
            definitions.update(own)
            return msgspec.structs.replace(named, definitions=own)
        # What refers to one of them is another definition from here on, and may clash next.
        for name in clashing:
            names[name] = _free(name, {*definitions, *names, *names.values()})


def host_names(definitions: Definitions, own: Definitions) -> dict[str, str]:
    """What the host's own definitions are called beside those of the models."""
    return {
        name: _free(name, {*definitions, *own}) if name in definitions else name for name in own
    }


def settle(document: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """A part of the document with the names that the host's definitions have got."""
    return _renamed(document, OF_HOST, names)


def _free(name: str, taken: set[str]) -> str:
    return next(
        candidate for number in itertools.count(1) if (candidate := f"{name}{number}") not in taken
    )


def _renamed(thing: T, prefix: str, names: Mapping[str, str]) -> T:
    """The same with other names in its references that begin with a prefix."""

    def renamed(found: re.Match[str]) -> str:
        return f'"{OF_MODELS}{names.get(found[1], found[1])}"'

    text = msgspec.json.encode(thing).decode()
    return msgspec.json.decode(re.sub(f'"{prefix}([^"]*)"', renamed, text), type=type(thing))
