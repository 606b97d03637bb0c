"""Reads the options ``limit-per-…``."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TypeVar

from deepaas.errors import ConfigError
from deepaas.limits.grammar import EXAMPLE, Limits, LimitsByName, parse, parse_by_name
from deepaas.limits.limiter import Limiter

Read = TypeVar("Read")


def read(per_address: str, per_key: str, per_model: str, models: Collection[str]) -> Limiter:
    """``ConfigError``: one of them is not understood."""

    def by_name(text: str) -> LimitsByName:
        return parse_by_name(text, models)

    limits: tuple[Limits, Limits, LimitsByName] = (
        _parsed("limit-per-address", per_address, parse),
        _parsed("limit-per-key", per_key, parse),
        _parsed("limit-per-model", per_model, by_name),
    )
    return Limiter(*limits)


def _parsed(option: str, text: str, parse: Callable[[str], Read]) -> Read:
    try:
        return parse(text)
    except ValueError as error:
        raise ConfigError(f"{option} is {text!r}, but must be like {EXAMPLE}: {error}") from None
