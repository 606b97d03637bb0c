"""What a host has logged as JSON lines."""

import json
from collections.abc import Callable
from typing import Any

from support.host import Host
from support.waiting import wait_until

Line = dict[str, Any]


def lines(host: Host) -> list[Line]:
    """All complete lines; each must be JSON."""
    whole, _, _ = host.log().rpartition("\n")
    return [json.loads(line) for line in whole.split("\n") if whole]


def wait_for_lines(host: Host, wanted: Callable[[Line], bool], count: int = 1) -> list[Line]:
    found: list[Line] = []

    def is_there() -> bool:
        found[:] = filter(wanted, lines(host))
        return len(found) >= count

    wait_until(is_there, f"the log has {count} of these lines")
    return found


def says(text: str) -> Callable[[Line], bool]:
    return lambda line: text in line["message"]
