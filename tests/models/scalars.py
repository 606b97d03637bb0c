"""Writes scalars to event files of TensorBoard; tensorboardX takes a second to import."""

import struct
import time


class ScalarWriter:
    """Texts, steps and messages are shorter than 128 bytes, so that each length is one byte.

    Source: `Event` and `Summary` of TensorFlow, in TFRecords; see `deepaas.training.event_files`.
    """

    def __init__(self, folder):
        self._file = (folder / f"events.out.tfevents.{time.time():.0f}.test").open("wb")
        self._write(_of(3, b"brain.Event:2"))  # file_version

    def add(self, tag, value, step):
        # simple_value, of wire type 5
        told = _of(1, tag.encode()) + b"\x15" + struct.pack("<f", value)
        self._write(b"\x10" + bytes([step]) + _of(5, _of(1, told)))

    def close(self):
        self._file.close()

    def _write(self, rest):
        data = b"\x09" + struct.pack("<d", time.time()) + rest  # wall_time
        length = struct.pack("<Q", len(data))
        self._file.write(length + _checksum(length) + data + _checksum(data))
        self._file.flush()


def _of(number, content):
    """A field with bytes in it, of wire type 2."""
    return bytes([number << 3 | 2, len(content)]) + content


def _checksum(data):
    """The masked CRC-32C, slowly."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)
