"""Prepares the words of the command line for oslo.config."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence

from oslo_config import cfg

from deepaas.config.options import every
from deepaas.options import DoorOptions

OF_OTHER_SERVERS = {
    "host": "listen-ip",
    "listen-host": "listen-ip",
    "port": "listen-port",
    "root-path": "base-path",
}
"""Names of our options in other servers such as uvicorn, which people try first."""


def as_oslo(argv: Sequence[str], doors: Sequence[DoorOptions]) -> Iterator[str]:
    """Replace ``--no-X`` of a flag by ``--noX``, the only form that oslo.config accepts."""
    switches = {option.name for option in every(doors) if isinstance(option, cfg.BoolOpt)}
    for word in argv:
        name = word.removeprefix("--no-")
        yield f"--no{name}" if name != word and name in switches else word


def options_in(argv: Sequence[str], doors: Sequence[DoorOptions]) -> list[cfg.Opt]:
    words = {word.partition("=")[0] for word in argv}
    return [option for option in every(doors) if f"--{option.name}" in words]


def without_files(words: Iterable[str]) -> Iterator[str]:
    """Remove ``--config-file`` and ``--config-dir``, also abbreviated."""
    rest = iter(words)
    for word in rest:
        if not re.match("--config-[fd]", word):
            yield word
        elif "=" not in word:
            next(rest, None)


def only_files(words: Iterable[str]) -> Iterator[str]:
    rest = iter(words)
    for word in rest:
        if re.match("--config-[fd]", word):
            yield word
            if "=" not in word:
                yield from itertools.islice(rest, 1)
