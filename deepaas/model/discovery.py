"""Which models are installed, without importing any of them."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import metadata

from deepaas.errors import ConfigError

GROUP = "deepaas.v2.model"


def installed() -> list[str]:
    """Names of the installed models, sorted."""
    return sorted({entry.name for entry in metadata.entry_points(group=GROUP)})


def choose(wanted: Sequence[str]) -> list[str]:
    """The models to serve.

    Args:
        wanted: names of models, empty for all that are installed.

    Raises:
        ConfigError: one of them is not installed, or nothing is.
    """
    available = installed()
    if not available:
        raise ConfigError(
            f"no model is installed: no package here has an entry point in the group '{GROUP}'"
        )
    for name in wanted:
        if name not in available:
            raise ConfigError(
                f"no model named {name!r} is installed; installed are: {', '.join(available)}"
            )
    return list(wanted) or available
