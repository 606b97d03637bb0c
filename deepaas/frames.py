"""Encodes and decodes messages: msgpack after a length of four bytes (little endian)."""

from __future__ import annotations

import struct

import msgspec

from deepaas.messages import Message

MAX_FRAME_BYTES = 64 * 1024 * 1024
"""No valid message is larger; a longer length means that the peer is broken."""

LENGTH = struct.Struct("<I")

_encoder = msgspec.msgpack.Encoder()


def frame(message: Message) -> bytes:
    body = _encoder.encode(message)
    return LENGTH.pack(len(body)) + body


class FrameBuffer:
    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The payloads that are now complete; ValueError if a frame is too large."""
        buffer = self._data
        if not buffer and len(data) >= 4:
            # The usual case: one complete frame in one read, without a copy through the buffer.
            (size,) = LENGTH.unpack_from(data)
            if size + 4 == len(data):
                return [data[4:]]
        buffer += data
        payloads = []
        start = 0
        while len(buffer) - start >= 4:
            (size,) = LENGTH.unpack_from(buffer, start)
            if size > MAX_FRAME_BYTES:
                raise ValueError(f"a frame of {size} bytes is too large")
            end = start + 4 + size
            if len(buffer) < end:
                break
            payloads.append(bytes(buffer[start + 4 : end]))
            start = end
        if start:
            del buffer[:start]
        return payloads
