"""A kind of model for DEEPaaS: a file `NAME.toml` with a table `[linear]` is the model a x + b."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

# The standard library has it from Python 3.11 on.
toml = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")


def read(path: Path) -> dict[str, Any] | None:
    """The table of a file, None if it has none.

    Raises:
        ValueError: the file is broken.
    """
    table = toml.loads(path.read_text(encoding="utf-8")).get("linear")
    return table if isinstance(table, dict) else None
