"""Small files of the kinds that the page shows, each of which a browser can really show."""

import io
import math
import struct
import wave
import zlib
from pathlib import Path


def png() -> bytes:
    """A picture of 64x64 pixels, red to blue."""
    rows = b"".join(
        b"\0" + b"".join(bytes((255 - 4 * x, 0, 4 * x)) for x in range(64)) for _ in range(64)
    )

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0)
    packed = chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + packed


def wav() -> bytes:
    """A tone of half a second."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        samples = (int(20000 * math.sin(i * 0.35)) for i in range(4000))
        sound.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return file.getvalue()


def mp4() -> bytes:
    """A film of 1.5 seconds: 160x120 pixels in H.264, a tone in AAC."""
    return Path(__file__).with_name("film.mp4").read_bytes()


def webm() -> bytes:
    """The same film in VP8, without the tone."""
    return Path(__file__).with_name("film.webm").read_bytes()


def pdf() -> bytes:
    """One empty page."""
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 100] >>",
    )
    document, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(document))
        document += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return document + (
        b"xref\n0 4\n0000000000 65535 f \n%strailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (table, len(document))
    )
