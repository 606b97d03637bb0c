"""Removes folders that somebody still uses, as an operator's ``rm -rf`` does."""

import shutil
from pathlib import Path

from support.waiting import wait_until


def remove_tree(folder: Path) -> None:
    """Files may come and go while it is removed."""

    def is_gone() -> bool:
        shutil.rmtree(folder, ignore_errors=True)
        return not folder.exists()

    wait_until(is_gone, f"{folder} is removed")
