"""The addresses that the host listens on, as ``--listen`` describes them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

UNIX = "unix:"
SYSTEMD = "systemd"
MODE = 0o660
_TCP = re.compile(r"(?:\[([0-9A-Fa-f:.]+(?:%[\w.-]+)?)\]|([A-Za-z0-9._-]+)):([0-9]{1,5})")
_YES_NO = {"yes": True, "no": False}


@dataclass(frozen=True, eq=False)
class ListenAddress:
    """One listener: where it listens, and which doors answer there.

    Attributes:
        ip: IP address or name; empty unless it is TCP.
        path: of a Unix socket; empty unless it is one.
        passed: the name of the sockets that systemd has opened, ``*`` for all; empty if it has not.
        doors: names of doors, and ``host`` for its own pages; None for all.
        mode: permissions of a Unix socket.
        private: only for programs of this host.
        tls: None for TLS if there is a certificate and it is TCP.
    """

    ip: str = ""
    port: int = 0
    path: str = ""
    passed: str = ""
    doors: frozenset[str] | None = None
    mode: int = MODE
    private: bool = False
    tls: bool | None = None

    @property
    def visible_ip(self) -> str | None:
        """What :class:`deepaas.origins.Visitors` checks names by; None for a Unix socket."""
        return None if self.path else self.ip

    def __str__(self) -> str:
        if self.path:
            return f"{UNIX}{self.path}"
        if self.passed:
            return SYSTEMD if self.passed == "*" else f"{SYSTEMD}:{self.passed}"
        return f"[{self.ip}]:{self.port}" if ":" in self.ip else f"{self.ip}:{self.port}"


def parse(text: str) -> ListenAddress:
    """Read ``ADDRESS [doors=NAME+NAME] [mode=0660] [tls=yes|no]``; ``ValueError`` if invalid."""
    where, *options = text.split()
    address = _where(where)
    for option in options:
        name, separator, value = option.partition("=")
        if not separator or name not in _OPTIONS:
            raise ValueError(f"{option!r} must be doors=NAME+NAME, mode=0660 or tls=yes or no")
        address = _OPTIONS[name](address, value)
    return address


def _where(text: str) -> ListenAddress:
    if text.startswith(UNIX) and text[len(UNIX) :].startswith("/"):
        return ListenAddress(path=text[len(UNIX) :])
    if text == SYSTEMD or text.startswith(f"{SYSTEMD}:"):
        return ListenAddress(passed=text[len(SYSTEMD) + 1 :] or "*")
    found = _TCP.fullmatch(text)
    if found is None or int(found[3]) > 65535:
        raise ValueError(
            f"{text!r} must be like 127.0.0.1:5000, [::1]:5000, unix:/run/deepaas.sock or systemd"
        )
    return ListenAddress(ip=found[1] or found[2], port=int(found[3]))


def _doors(address: ListenAddress, value: str) -> ListenAddress:
    names = value.split("+")
    if not all(re.fullmatch(r"[\w-]+", name) for name in names):
        raise ValueError(f"doors={value}: write names with + between them, such as doors=v2+oip")
    return replace(address, doors=frozenset(names))


def _mode(address: ListenAddress, value: str) -> ListenAddress:
    if not address.path or not re.fullmatch(r"0?[0-7]{3}", value):
        raise ValueError(f"mode={value}: must be like 0660, and only for a Unix socket")
    return replace(address, mode=int(value, 8))


def _tls(address: ListenAddress, value: str) -> ListenAddress:
    if value not in _YES_NO:
        raise ValueError(f"tls={value}: must be yes or no")
    return replace(address, tls=_YES_NO[value])


_OPTIONS: dict[str, Callable[[ListenAddress, str], ListenAddress]] = {
    "doors": _doors,
    "mode": _mode,
    "tls": _tls,
}
