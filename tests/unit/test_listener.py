"""Listening sockets when the system has nothing left."""

import asyncio
import errno
import os
import socket
from typing import Any, cast

import pytest

from deepaas.notes import Notes
from deepaas.web.addresses import ListenAddress
from deepaas.web.connections import Connections
from deepaas.web.listener import Listener


class _Working:
    """Connections of which none can give way."""

    def at(self, _address: ListenAddress) -> None:
        pass

    def make_room(self) -> bool:
        return False


def test_no_descriptor_of_somebody_else_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another thread may take the one that is kept as soon as it is free."""
    open_really = os.open

    def none_left(*_: Any) -> int:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    async def storm() -> None:
        listener = Listener(ListenAddress("127.0.0.1"), Notes())
        listener.start(cast(Connections, _Working()))
        listening: socket.socket = listener._sockets[0]
        monkeypatch.setattr(os, "open", none_left)
        listener._relieve(listening)
        others = [open_really(os.devnull, os.O_RDONLY) for _ in range(8)]
        listener._relieve(listening)
        listener._relieve(listening)
        await listener.stop()
        for each in others:
            os.close(each)  # It is still there.

    asyncio.run(storm())
