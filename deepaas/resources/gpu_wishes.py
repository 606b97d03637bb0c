"""The option ``gpus``: which GPUs each model wants."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from deepaas.errors import ConfigError
from deepaas.resources.replicas import no_model

FORMS = (
    "a number of GPUs (1), a part of one (0.5), or GPUs by index (0,1 or #1) or UUID (GPU-…, MIG-…)"
)
MOST = 1024

_INDEX = re.compile(r"#?\d{1,4}")
_UUID = re.compile(r"(GPU|MIG)-[\w/-]+", re.ASCII)
_PART = re.compile(r"0?\.\d{1,6}")


@dataclass(frozen=True)
class GpuWish:
    """What each worker of a model gets: whole GPUs, a part of one, or some of certain ones.

    Attributes:
        count: of GPUs that nobody else gets.
        part: between 0 and 1, of a GPU that others may share; 0 for none.
        named: indices and UUIDs of the GPUs that the workers of the model share among themselves.
    """

    count: int = 0
    part: Fraction = Fraction(0)
    named: tuple[str, ...] = ()


def check_gpus(values: Sequence[str]) -> None:
    """Raises ``ValueError`` with the reason if a value is malformed, whatever models there are."""
    for _ in _parsed(values):
        pass


def gpus_of(values: Sequence[str], models: Collection[str]) -> Mapping[str, GpuWish]:
    """Return what each model wants; empty without the option.

    Args:
        values: as ``NAME=…``, or without a name for all models that are not named.
        models: names of all models.

    Raises:
        ConfigError: a value is malformed, or there is no such model.
    """
    usual = GpuWish()
    named: dict[str, GpuWish] = {}
    try:
        for given, name, wish in _parsed(values):
            if not name:
                usual = wish
            elif name in models:
                named[name] = wish
            else:
                raise ValueError(no_model(given, name, models))
    except ValueError as error:
        raise ConfigError(f"--gpus: {error}") from None
    return {name: named.get(name, usual) for name in models} if values else {}


def _parsed(values: Sequence[str]) -> Iterator[tuple[str, str, GpuWish]]:
    for value in values:
        for one in value.split(";"):
            name, equals, text = one.rpartition("=")
            if equals and not name.strip():
                raise ValueError(f"{one!r} must be like NAME=1.")
            yield one.strip(), name.strip(), _wish(one.strip(), text.strip())


def _wish(given: str, text: str) -> GpuWish:
    if text.isascii() and text.isdecimal():
        if len(text) > len(str(MOST)) or int(text) > MOST:
            raise ValueError(f"{given!r}: these are too many GPUs.")
        return GpuWish(count=int(text))
    if _PART.fullmatch(text):
        part = Fraction(text)
        if part:
            return GpuWish(part=part)
    words = [word.strip() for word in text.split(",")]
    if all(_INDEX.fullmatch(word) or _UUID.fullmatch(word) for word in words):
        return GpuWish(named=tuple(dict.fromkeys(word.removeprefix("#") for word in words)))
    raise ValueError(f"{given!r} must be {FORMS}.")
