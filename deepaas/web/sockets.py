"""Opens the sockets to listen on: TCP, Unix sockets, and those that systemd has opened."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from deepaas.web.addresses import ListenAddress

BACKLOG = 1024
FIRST_PASSED = 3
"""The number of the first descriptor that systemd passes (sd_listen_fds(3))."""

LONGEST_PATH_BYTES = 107


def open_sockets(address: ListenAddress) -> list[socket.socket]:
    """Open the sockets of an address; clients can connect from then on. ``OSError`` if it fails."""
    if address.path:
        return _unix(address)
    if address.passed:
        return _passed(address, os.environ)
    return _tcp(address)


def _tcp(address: ListenAddress) -> list[socket.socket]:
    opened: list[socket.socket] = []
    try:
        for family, where in _resolved(address.ip, address.port):
            opened.append(socket.create_server(where, family=family, backlog=BACKLOG))
    except BaseException:
        for each in opened:
            each.close()
        raise
    return opened


def _resolved(ip: str, port: int) -> list[tuple[socket.AddressFamily, Any]]:
    found = socket.getaddrinfo(ip or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys((family, where) for family, _, _, _, where in found))


def _unix(address: ListenAddress) -> list[socket.socket]:
    path = Path(address.path)
    if len(os.fsencode(path)) > LONGEST_PATH_BYTES:
        raise OSError(f"the path is longer than {LONGEST_PATH_BYTES} bytes")
    remove_stale(path)
    opened = socket.socket(socket.AF_UNIX)
    try:
        opened.bind(str(path))
        # Nobody can connect before it listens.
        path.chmod(address.mode)
        opened.listen(BACKLOG)
    except BaseException:
        opened.close()
        raise
    return [opened]


def remove_stale(path: Path) -> None:
    """Remove the socket of a process that has ended, and nothing else.

    ``OSError`` if something else is there.
    """
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise OSError("there is a file with this name that is not a socket")
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
        else:
            raise OSError("another process listens on it")


def _passed(address: ListenAddress, environment: MutableMapping[str, str]) -> list[socket.socket]:
    """Sockets of a systemd .socket unit: ``FileDescriptorName`` tells them apart."""
    if environment.get("LISTEN_PID") != str(os.getpid()):
        raise OSError("systemd has passed no sockets: this needs a .socket unit")
    count = int(environment.get("LISTEN_FDS") or 0)
    names = environment.get("LISTEN_FDNAMES", "").split(":")
    found = []
    for number in range(count):
        name = names[number] if number < len(names) else ""
        if address.passed in ("*", name):
            descriptor = FIRST_PASSED + number
            os.set_inheritable(descriptor, False)
            found.append(socket.socket(fileno=descriptor))
    if not found:
        raise OSError("systemd has passed no socket with this name")
    return found
