"""The words of the command line, before oslo.config reads them."""

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
"""What uvicorn and the like call our options: what people try first."""


def as_oslo(argv: Sequence[str], doors: Sequence[DoorOptions]) -> Iterator[str]:
    """The arguments; ``--no-X`` for a switch as ``--noX``, which is all that oslo.config knows."""
    switches = {option.name for option in every(doors) if isinstance(option, cfg.BoolOpt)}
    for word in argv:
        name = word.removeprefix("--no-")
        yield f"--no{name}" if name != word and name in switches else word


def options_in(argv: Sequence[str], doors: Sequence[DoorOptions]) -> list[cfg.Opt]:
    words = {word.partition("=")[0] for word in argv}
    return [option for option in every(doors) if f"--{option.name}" in words]


def without_files(words: Iterable[str]) -> Iterator[str]:
    """Arguments without ``--config-file`` and ``--config-dir``, which may be cut short."""
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
