"""Which rights the holder of a token gets: from the claims of the token."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deepaas.access.principal import Principal, Right
from deepaas.errors import ConfigError

OPTION = "--oidc-grant"

EVERYBODY = "*"
"""In place of a claim: whoever has a valid token."""

_NAMES = ("preferred_username", "email", "sub")
"""Claims for the name in logs; what the issuer does not send is left out."""

_NAME_LENGTH = 64


@dataclass(frozen=True)
class Grant:
    """Rights for all whose ``claim`` is, or contains, ``value``; ``models`` is None for all.

    A ``*`` at the end of ``value`` stands for any text.
    """

    claim: str
    value: str
    rights: frozenset[Right]
    models: frozenset[str] | None = None

    @property
    def as_shown(self) -> Principal:
        """For the operator: who gets it."""
        who = "with a token" if self.claim == EVERYBODY else f"{self.claim}={self.value}"
        return Principal(who, self.rights, self.models)

    def applies_to(self, claims: Mapping[str, Any]) -> bool:
        return self.claim == EVERYBODY or any(map(self._matches, _texts(claims, self.claim)))

    def _matches(self, text: str) -> bool:
        if self.value.endswith("*"):
            return text.startswith(self.value[:-1])
        return text == self.value


def parse_grant(text: str) -> Grant:
    """Parse ``CLAIM=VALUE RIGHT+RIGHT [MODEL+MODEL]`` or ``* RIGHT+…``.

    Not commas: they separate grants in the environment.

    Raises:
        ConfigError: it has another form, or a right does not exist.
    """
    words = text.split()
    claim, has_value, value = words[0].partition("=") if words else ("", "", "")
    if len(words) not in (2, 3) or not claim or bool(has_value) == (claim == EVERYBODY):
        raise ConfigError(
            f"{OPTION} {text!r}: write CLAIM=VALUE RIGHTS [MODELS], for example "
            "'groups=/vo/users read+predict', or '* read' for everybody with a valid token"
        )
    if has_value and not value.rstrip("*"):
        raise ConfigError(f"{OPTION} {text!r}: {claim}= needs a value")
    names = [name for name in words[1].split("+") if name]
    unknown = [name for name in names if name not in [right.value for right in Right]]
    if unknown or not names:
        known = ", ".join(right.value for right in Right)
        said = f"there is no right {unknown[0]!r}" if unknown else "it grants no right"
        raise ConfigError(f"{OPTION} {text!r}: {said}; the rights are {known}")
    models = None
    if len(words) == 3:
        models = frozenset(name for name in words[2].split("+") if name)
    return Grant(claim, value, frozenset(map(Right, names)), models)


def principal_from(claims: Mapping[str, Any], grants: Sequence[Grant]) -> Principal | None:
    """The first grant that applies counts; None if there is none."""
    for grant in grants:
        if grant.applies_to(claims):
            return Principal(_name(claims), grant.rights, grant.models)
    return None


def _name(claims: Mapping[str, Any]) -> str:
    for claim in _NAMES:
        for text in _texts(claims, claim):
            if name := re.sub(r"[^A-Za-z0-9._@+-]", "_", text)[:_NAME_LENGTH]:
                return name
    return "oidc"


def _texts(claims: Mapping[str, Any], claim: str) -> Iterable[str]:
    """The values of a claim, which may be nested: ``realm_access.roles``.

    The complete name is tried first, because names may be URLs with dots.
    """
    found: Any = claims.get(claim)
    if found is None and "." in claim:
        found = claims
        for step in claim.split("."):
            found = found.get(step) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        # OAuth writes several values as one text: "scope": "openid read".
        return [found, *found.split()] if claim == "scope" else [found]
    if isinstance(found, (list, tuple)):
        return [each for each in found if isinstance(each, str)]
    return []
