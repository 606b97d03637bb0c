"""``deepaas-cli`` and ``deepaas-predict``: the models' functions on the command line."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run ``deepaas-cli``.

    Raises:
        SystemExit: with the exit code.
    """
    from deepaas.cli.main import main as run

    sys.exit(run(argv))


def predict(argv: Sequence[str] | None = None) -> NoReturn:
    """Run ``deepaas-predict``, the older command.

    Raises:
        SystemExit: with the exit code.
    """
    from deepaas.cli.old_predict import main as run

    sys.exit(run(argv))


if __name__ == "__main__":
    main()
