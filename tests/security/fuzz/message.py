"""A request of HTTP/1.1 as it goes over the wire, right or wrong."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

Header = tuple[bytes, bytes]


@dataclass(frozen=True)
class Message:
    """One request.

    Attributes:
        headers: without those of the body.
        chunks: the sizes of the chunks in which the body goes; none: it has a length.
        length: what stands as the length of the body; None for the right one.
        line_end: how lines end.
    """

    method: bytes
    target: bytes
    headers: tuple[Header, ...] = ()
    body: bytes = b""
    chunks: Sequence[int] = ()
    length: bytes | None = None
    line_end: bytes = b"\r\n"

    def with_header(self, name: bytes, value: bytes, *, instead: bool = False) -> "Message":
        """With one more header, or with another value of it."""
        kept = [h for h in self.headers if not instead or h[0].lower() != name.lower()]
        return replace(self, headers=(*kept, (name, value)))

    def header(self, name: bytes) -> bytes:
        """The first value of a header, empty for none."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), b"")

    def encode(self) -> bytes:
        """All its bytes."""
        lines = [b" ".join((self.method, self.target, b"HTTP/1.1"))]
        lines += [b": ".join(header) for header in self.headers]
        body = self.body
        if self.chunks:
            lines.append(b"Transfer-Encoding: chunked")
            body = self._chunked()
        elif self.length is not None or body or self.method in (b"POST", b"PUT", b"PATCH"):
            lines.append(b"Content-Length: " + (self.length or b"%d" % len(body)))
        return self.line_end.join([*lines, b"", b""]) + body

    def _chunked(self) -> bytes:
        pieces = []
        left = self.body
        number = 0
        while left:
            size = max(1, self.chunks[number % len(self.chunks)])
            piece, left = left[:size], left[size:]
            pieces.append(b"%x\r\n%b\r\n" % (len(piece), piece))
            number += 1
        return b"".join([*pieces, b"0\r\n\r\n"])
