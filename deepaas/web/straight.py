"""Receives bodies into files in memory: after its beginning, straight from the system.

aiohttp copies what it receives twice before a handler gets it, and the handler copies it into the
file, which takes longer than most small predictions.
"""

from __future__ import annotations

import asyncio
import contextlib
from types import TracebackType

from aiohttp import StreamReader, web

from deepaas.web.connection import Connection
from deepaas.web.memory_files import MemoryFile

_ZEROS = bytes(64 * 1024)


async def receive(request: web.Request, file: MemoryFile) -> None:
    """Receive a body of the size with which the file has been taken.

    Raises the exceptions of ``request.content``; ``ConnectionError``: the body is incomplete.
    """
    content, connection = request.content, request.protocol
    while file.rest:
        chunk, _ = await content.readchunk()
        if not chunk:
            raise ConnectionError("the body is incomplete")
        file.append(chunk)
        if (
            file.rest
            and content.total_bytes == file.written_bytes  # There is nothing between.
            and isinstance(connection, Connection)
            and connection.is_flowing
        ):
            with StraightBody(connection, content, file.rest):
                await content.readchunk()  # Returns when all is there.
            return


class StraightBody(asyncio.BufferedProtocol):
    """Takes the place of a connection, and its data, until the memory is full.

    Then aiohttp gets as many zeros, so that it knows where the body ends; the first of them wakes
    the handler, and the others follow when that has begun its work.
    """

    def __init__(self, connection: Connection, content: StreamReader, memory: memoryview) -> None:
        self._connection = connection
        self._content = content
        self._memory = memory
        self._received_bytes = 0

    def __enter__(self) -> None:
        assert self._connection.line is not None
        self._connection.line.set_protocol(self)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._memory:
            # It will not be complete. Nothing may be written any more: others use the file soon.
            self._give_back()
            self._discard(self._received_bytes)

    def get_buffer(self, _sizehint: int) -> memoryview:
        return self._memory

    def buffer_updated(self, count_bytes: int) -> None:
        self._connection.received += count_bytes
        self._received_bytes += count_bytes
        self._memory = self._memory[count_bytes:]
        if not self._memory:
            self._give_back()
            self._pass_over(1)
            asyncio.get_running_loop().call_soon(self._discard, self._received_bytes - 1)

    def eof_received(self) -> None:
        self._connection.eof_received()

    def connection_lost(self, error: Exception | None) -> None:
        self._connection.connection_lost(error)

    def pause_writing(self) -> None:
        self._connection.pause_writing()

    def resume_writing(self) -> None:
        self._connection.resume_writing()

    def _give_back(self) -> None:
        assert self._connection.line is not None
        self._connection.line.set_protocol(self._connection)

    def _discard(self, count_bytes: int) -> None:
        while count_bytes:
            piece_bytes = min(count_bytes, len(_ZEROS))
            self._pass_over(piece_bytes)
            count_bytes -= piece_bytes
            if self._content.exception() is None:
                with contextlib.suppress(RuntimeError):  # aiohttp waits for it to discard it.
                    self._content.read_nowait()

    def _pass_over(self, count_bytes: int) -> None:
        """Let aiohttp's parser count bytes that it has not seen."""
        self._connection.received -= count_bytes  # They are counted again.
        if self._connection.connected:
            self._connection.data_received(_ZEROS[:count_bytes])
