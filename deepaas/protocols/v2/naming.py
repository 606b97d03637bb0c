"""Names of definitions in the Swagger document: models choose first, then the host.

Clients expect a model's definitions under the names that its author chose, as in DEEPaaS 2.x.
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
"""Prefix of references to the host's definitions until their names are settled."""


def take(definitions: Definitions, description: Description) -> Description:
    """Add a model's definitions, renaming those whose names another model uses differently.

    Returns:
        the description with updated references.
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
        # Definitions that refer to a renamed one change too, and may clash in the next round.
        for name in clashing:
            names[name] = _free(name, {*definitions, *names, *names.values()})


def host_names(definitions: Definitions, own: Definitions) -> dict[str, str]:
    """Names of the host's definitions that do not clash with those of the models."""
    return {
        name: _free(name, {*definitions, *own}) if name in definitions else name for name in own
    }


def settle(document: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """The document with the final names of the host's definitions."""
    return _renamed(document, OF_HOST, names)


def _free(name: str, taken: set[str]) -> str:
    return next(
        candidate for number in itertools.count(1) if (candidate := f"{name}{number}") not in taken
    )


def _renamed(thing: T, prefix: str, names: Mapping[str, str]) -> T:
    """Rename the references that start with a prefix."""

    def renamed(found: re.Match[str]) -> str:
        return f'"{OF_MODELS}{names.get(found[1], found[1])}"'

    text = msgspec.json.encode(thing).decode()
    return msgspec.json.decode(re.sub(f'"{prefix}([^"]*)"', renamed, text), type=type(thing))
