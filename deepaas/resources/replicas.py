"""The option ``workers``: how many worker processes each model has."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from deepaas.errors import ConfigError
from deepaas.near_names import did_you_mean

MOST = 1024
"""More are certainly a mistake: each is a process with a copy of the model."""


@dataclass(frozen=True)
class Replicas:
    """The fewest and the most worker processes of a model; equal if the number is fixed."""

    least: int = 1
    most: int = 1


def check_workers(values: Sequence[str]) -> None:
    """Raises ``ValueError`` with the reason if a value is malformed, whatever models there are."""
    for _ in _parsed(values):
        pass


def workers_of(values: Sequence[str], models: Collection[str]) -> Mapping[str, Replicas]:
    """Return the replicas of each model.

    Args:
        values: as ``2``, ``1..4``, ``NAME=2`` or ``NAME=1..4``. The last one for a model applies,
            and those without a name apply to models that are not named.
        models: names of all models.

    Raises:
        ConfigError: a value is malformed, or there is no such model.
    """
    usual = Replicas()
    named: dict[str, Replicas] = {}
    try:
        for name, replicas in _parsed(values):
            if not name:
                usual = replicas
                continue
            if name not in models:
                raise ValueError(no_model(f"{name}={_shown(replicas)}", name, models))
            named[name] = replicas
    except ValueError as error:
        raise ConfigError(f"--workers: {error}") from None
    return {name: named.get(name, usual) for name in models}


def no_model(given: str, name: str, models: Collection[str]) -> str:
    """Return a message that an option names a model that is not served."""
    hint = did_you_mean(name, models)
    served = f". Models: {', '.join(sorted(models))}" if models else ""
    return f"{given!r}: model {name!r} is not served{hint or served}{'' if hint else '.'}"


def _parsed(values: Sequence[str]) -> Iterator[tuple[str, Replicas]]:
    """Return names (empty for all models) and numbers."""
    for value in values:
        for one in value.split(","):
            name, equals, text = one.rpartition("=")
            if equals and not name.strip():
                raise ValueError(f"{one!r} must be like NAME=2.")
            yield name.strip(), _replicas(one.strip(), text.strip())


def _replicas(given: str, text: str) -> Replicas:
    first, dots, last = text.partition("..")
    try:
        least = int(first)
        most = int(last) if dots else least
    except ValueError:
        raise ValueError(
            f"{given!r} must be an integer of at least 1 or a range such as 1..4."
        ) from None
    if least < 1:
        if dots:
            raise ValueError(f"{given!r}: the range must start with at least 1.")
        raise ValueError(f"{given!r} must be an integer of at least 1.")
    if most < least:
        raise ValueError(f"{given!r}: the range must end with at least {least}.")
    if most > MOST:
        raise ValueError(f"{given!r} must be at most {MOST}.")
    return Replicas(least, most)


def _shown(replicas: Replicas) -> str:
    if replicas.least == replicas.most:
        return str(replicas.least)
    return f"{replicas.least}..{replicas.most}"
