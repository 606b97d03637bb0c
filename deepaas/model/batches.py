"""The option ``--batch``: how calls of a model are joined to batches."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from deepaas.errors import ConfigError
from deepaas.messages import Batching
from deepaas.near_names import near

LARGEST_SIZE = 4096
LARGEST_AUTOMATIC_SIZE = 32
LONGEST_DELAY_SECONDS = 60.0

FORMAT = "NAME=SIZE[,DELAY], such as resnet=16, resnet=16,5ms, resnet=auto or resnet=off"

_DELAY = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*(ms|s)")
_SECONDS = {"ms": 1e-3, "s": 1.0}

OFF = Batching(1, chosen=True)


def batches(options: Sequence[str], models: Sequence[str]) -> Mapping[str, Batching]:
    """The choices by the names of models. Raises ``ConfigError``."""
    found: dict[str, Batching] = {}
    for option in _whole(options):
        name, has_value, value = option.partition("=")
        name = name.strip()
        if not has_value or not name:
            raise ConfigError(f"--batch: {option!r} is not {FORMAT}.")
        if name not in models:
            meant = near(name, models)
            advice = f"Did you mean {meant}?" if meant else f"Models to serve: {', '.join(models)}."
            raise ConfigError(f"--batch: model {name!r} not found. {advice}")
        if name in found:
            raise ConfigError(f"--batch: model {name!r} is set twice.")
        found[name] = _batching(name, value.strip())
    return found


def _whole(options: Sequence[str]) -> Iterator[str]:
    """In an environment variable, commas also separate models: a delay belongs to what is before
    it."""
    whole = ""
    for option in options:
        if whole and "=" not in option:
            whole += f",{option}"
            continue
        if whole:
            yield whole
        whole = option
    if whole:
        yield whole


def _batching(name: str, value: str) -> Batching:
    size, has_delay, delay = (part.strip() for part in value.partition(","))
    if size in ("auto", "off"):
        if has_delay:
            raise ConfigError(f"--batch: {name}={value}: {size!r} has no delay.")
        if size == "off":
            return OFF
        return Batching(LARGEST_AUTOMATIC_SIZE, automatic=True, chosen=True)
    if not (size.isascii() and size.isdigit() and 1 <= int(size[:6]) <= LARGEST_SIZE):
        raise ConfigError(
            f"--batch: {name}={value}: {size!r} is not a size: a whole number from 1 to "
            f"{LARGEST_SIZE}, auto or off."
        )
    return Batching(int(size), _seconds(name, value, delay) if has_delay else 0.0, chosen=True)


def _seconds(name: str, value: str, delay: str) -> float:
    matched = _DELAY.fullmatch(delay)
    if matched is None:
        unit = f": {delay}ms or {delay}s" if re.fullmatch(r"[\d.]+", delay) else ", such as 5ms"
        raise ConfigError(f"--batch: {name}={value}: the delay {delay!r} needs a unit{unit}.")
    seconds = float(matched[1]) * _SECONDS[matched[2]]
    if seconds > LONGEST_DELAY_SECONDS:
        raise ConfigError(
            f"--batch: {name}={value}: the delay is longer than {LONGEST_DELAY_SECONDS:g} s."
        )
    return seconds
