"""``deepaas-cli`` and ``deepaas-predict``: the models' functions on the command line."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NoReturn


def main(argv: Sequence[str] | None = None) -> NoReturn:
    try:
        from deepaas.cli.main import main as run

        sys.exit(run(argv))
    except KeyboardInterrupt:
        _interrupted()


def predict(argv: Sequence[str] | None = None) -> NoReturn:
    try:
        from deepaas.cli.old_predict import main as run

        sys.exit(run(argv))
    except KeyboardInterrupt:
        _interrupted()


def _interrupted() -> NoReturn:
    """Exit as the commands do once they are imported."""
    print("interrupted", file=sys.stderr)
    sys.exit(130)


if __name__ == "__main__":
    main()
