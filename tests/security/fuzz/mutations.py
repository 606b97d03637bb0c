"""What is done to a valid request: one thing or several, each by chance."""

import gzip
import json
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from .message import Message

Mutation = Callable[[Random, Message], Message]

METHODS = [
    *(b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS", b"TRACE", b"CONNECT"),
    *(b"get", b"BREW", b"PRI", b"G\x00T", b"\xff\xfe", b"X" * 300, b"", b"GET POST", b"M-SEARCH"),
]
VALUES = [
    *(b"", b" ", b"\xff\xfe\x80", b"\x00", b"\x01\x1f\x7f", b"a" * 7000, b"a" * 20_000, b"-1"),
    *(b"0", b"999999999999999999999999", b"1e309", b"NaN", b"null", b"*", b",", b";", b"=", b'"'),
    *(b'"\xe9"', b"a=b; c=\xff", b"../../etc/passwd", b"%00%ff%0d%0a", "é✓".encode(), b"\t\ta\t"),
    *(b"100-continue", b"\xff", b"chunked", b"gzip", b"deflate", b"br", b"zstd", b"identity, gzip"),
    *(b"bytes=0-", b"bytes=-1", b"bytes=5-2", b"bytes=0-0,2-2", b"bytes=99999999999999999999-"),
    *(b"Thu, 99 Foo 2026 99:99:99 GMT", b"text/event-stream", b"multipart/form-data"),
    *(b"multipart/form-data; boundary=", b"multipart/form-data; boundary=\xff", b"multipart/mixed"),
    *(
        b"application/json; charset=utf-16",
        b"application/json; charset=nonsense",
        b"text/x;charset",
    ),
    *(b"application/x-www-form-urlencoded; charset=\xff", b"websocket", b"h2c", b"respond-async"),
    *(b"wait=1", b"wait=-9", b"http://evil.example", b"null", b"evil.example:99999", b"[::1"),
]
NAMES = [
    *(b"Expect", b"Range", b"If-Range", b"If-Match", b"If-None-Match", b"If-Modified-Since"),
    *(b"If-Unmodified-Since", b"Content-Encoding", b"Transfer-Encoding", b"Content-Length"),
    *(b"Content-Type", b"Content-Disposition", b"Content-Range", b"Accept", b"Accept-Encoding"),
    *(b"Accept-Language", b"Cookie", b"Host", b"Origin", b"Referer", b"Sec-Fetch-Site", b"Prefer"),
    *(b"Last-Event-ID", b"Upgrade", b"Connection", b"Sec-WebSocket-Key", b"Sec-WebSocket-Version"),
    *(b"X-Forwarded-Host", b"X-Forwarded-Proto", b"X-Forwarded-For", b"Forwarded", b"Via"),
    *(b"Authorization", b"TE", b"Trailer", b"traceparent", b"X-Request-ID", b"x-gradio-user", b"X"),
    *(b"\xff", b"a b", b"", b"A" * 300, b"X-\x00", b":authority", b"HTTP2-Settings", b"Keep-Alive"),
]
TARGETS = [
    *(b"*", b"/", b"", b"//", b"/%", b"/%zz", b"/%00", b"/%ff", b"/..%2f..%2fetc/passwd", b"/\xff"),
    *(b"http://evil.example/v2/", b"https://[::1", b"/a b", b"/\x00", b"/" + b"a" * 9000, b"?"),
    *(b"/#", b"/../../etc/passwd", b"\\", b"/v2/models/%2e%2e/predict/", b"//evil.example/%2f.."),
    *(
        b"ftp://x/",
        b"/\r\n",
        b"/;",
        b"/%0d%0aSet-Cookie:%20a=b",
        b"http://\xff/",
        b"evil.example:80",
    ),
]
SUFFIXES = [
    *(
        b"%00",
        b"%ff",
        b"/",
        b"//",
        b"/..",
        b"?",
        b"#",
        b"%",
        b"?a=" + b"%ff" * 10,
        b"?" + b"a&" * 3000,
    ),
    *(b"?limit=-1", b"?limit=99999999999999999999", b"?offset=%00", b"?tail=x", b"?format=\xff"),
    *(
        b"?number=1e999",
        b"?number=" + b"9" * 5000,
        b"?text=%ed%a0%80",
        b"?=",
        b"?;",
        b"%0a",
        b"\xe9",
    ),
    *(b"?some=" + b"1&some=" * 500, b"?object={}", b"?text=" + b"%c3%28" * 50, b".json", b"%2f"),
]
LEAVES: list[Any] = [
    *(
        None,
        True,
        0,
        -1,
        2**63,
        2**70,
        1e308,
        "",
        "a" * 10_000,
        "\x00",
        "\ud800",
        "é✓\U0001f600",
        [],
        {},
    ),
    *(
        ["a"] * 300,
        {"": None},
        {"__proto__": 1},
        [[[[]]]],
        "/etc/passwd",
        "data:,",
        "data:;base64,!",
    ),
    *("http://127.0.0.1:1/", "file:///etc/passwd", "NaN", "2026-99-99", {"path": "/etc/passwd"}),
]
BODIES = [
    *(
        b"",
        b"\x00",
        b"\xff" * 100,
        b"{",
        b"[" * 5000,
        b'{"a":' * 3000,
        b"nul",
        b"NaN",
        b"-",
        b'"\\ud800"',
    ),
    *(
        b'{"text": 1e999}',
        b'{"number": ' + b"9" * 6000 + b"}",
        b"\xef\xbb\xbf{}",
        b"{}{}",
        b" " * 70_000,
    ),
    *(
        b"text=%ff&text=%",
        b"&" * 5000,
        b"=" * 5000,
        b"a" * 200_000,
        b'{"a":1,"a":2}',
        b"--\r\n\r\n----",
    ),
    *(
        b'{"input": null}',
        b'{"input": []}',
        b'{"input": {"data": "data:;base64,@@"}}',
        b"[1, 2]",
        b'"x"',
    ),
]


def mutated(random: Random, message: Message) -> Message:
    """The same request with one to four things done to it."""
    for _ in range(random.choice([1, 1, 1, 2, 2, 3, 4])):
        message = random.choice(MUTATIONS)(random, message)
    return message


def _method(random: Random, message: Message) -> Message:
    return replace(message, method=random.choice(METHODS))


def _target(random: Random, message: Message) -> Message:
    target = message.target
    match random.randrange(5):
        case 0:
            target = random.choice(TARGETS)
        case 1 | 2:
            target += random.choice(SUFFIXES)
        case 3:
            at = random.randrange(len(target) + 1)
            target = target[:at] + random.randbytes(random.randrange(1, 4)) + target[at:]
        case _:
            parts = target.split(b"/")
            parts[random.randrange(len(parts))] = random.choice([*VALUES[:12], b"..", b"."])
            target = b"/".join(parts)
    return replace(message, target=target)


def _header(random: Random, message: Message) -> Message:
    name, value = random.choice(NAMES), random.choice(VALUES)
    match random.randrange(6):
        case 0:
            return message.with_header(name, value, instead=True)
        case 1:
            return message.with_header(name, random.randbytes(random.randrange(1, 30)))
        case 2:
            many = tuple((b"X-%d" % number, value[:200]) for number in range(150))
            return replace(message, headers=message.headers + many)
        case 3 if message.headers:
            return replace(message, headers=(*message.headers, random.choice(message.headers)))
        case 4 if message.headers:
            gone = random.choice(message.headers)
            return replace(message, headers=tuple(h for h in message.headers if h != gone))
    return message.with_header(name, value)


def _body(random: Random, message: Message) -> Message:
    body = message.body
    match random.randrange(4):
        case 0:
            body = random.choice(BODIES)
        case 1 if body:
            changed = bytearray(body)
            for _ in range(random.randrange(1, 8)):
                changed[random.randrange(len(changed))] = random.randrange(256)
            body = bytes(changed)
        case 2 if body:
            body = body[: random.randrange(len(body))]
        case _:
            at = random.randrange(len(body) + 1)
            body = body[:at] + random.randbytes(random.randrange(1, 2000)) + body[at:]
    return replace(message, body=body)


def _json(random: Random, message: Message) -> Message:
    """Another value somewhere in a JSON body."""
    try:
        value = json.loads(message.body)
    except (ValueError, RecursionError):
        return _body(random, message)
    return replace(message, body=json.dumps(_changed(random, value)).encode("utf-8", "replace"))


def _changed(random: Random, value: Any) -> Any:
    if isinstance(value, dict) and value and random.random() < 0.85:
        key = random.choice(list(value))
        name = key if random.random() < 0.9 else str(random.choice(LEAVES))[:100]
        return {**value, name: _changed(random, value[key])}
    if isinstance(value, list) and value and random.random() < 0.7:
        at = random.randrange(len(value))
        return [*value[:at], _changed(random, value[at]), *value[at + 1 :]]
    return random.choice(LEAVES)


def _compressed(random: Random, message: Message) -> Message:
    body = message.body
    name = random.choice(
        [b"gzip", b"deflate", b"x-gzip", b"gzip, gzip", b"br", b"identity", b"GZip"]
    )
    match random.randrange(5):
        case 0:
            body = gzip.compress(body)
        case 1:
            body = gzip.compress(body)[: random.randrange(1, 20)]
        case 2:
            body = zlib.compress(body) + random.randbytes(10)
        case 3:
            body = gzip.compress(bytes(random.choice([10_000, 3_000_000])))
    return replace(message, body=body).with_header(b"Content-Encoding", name, instead=True)


def _framing(random: Random, message: Message) -> Message:
    match random.randrange(5):
        case 0:
            return replace(message, chunks=[random.choice([1, 7, 100, 5000])])
        case 1:
            length = random.choice(
                [b"0", b"-1", b"+5", b"1e3", b"99999999999", b"\xff", b"1, 2", b"0x10"]
            )
            return replace(message, length=length)
        case 2:
            return replace(message, length=b"%d" % (len(message.body) + random.randrange(1, 9)))
        case 3:
            return replace(message, line_end=b"\n")
    return replace(message, chunks=[7]).with_header(b"Content-Length", b"3")


MUTATIONS: Sequence[Mutation] = [
    *(
        _method,
        _target,
        _target,
        _header,
        _header,
        _header,
        _body,
        _json,
        _json,
        _compressed,
        _framing,
    )
]


def mangled(random: Random, data: bytes) -> bytes:
    """Bytes that are no request any more, perhaps."""
    match random.randrange(6):
        case 0:
            return data[: random.randrange(len(data))]
        case 1:
            changed = bytearray(data)
            for _ in range(random.randrange(1, 6)):
                changed[random.randrange(len(changed))] = random.randrange(256)
            return bytes(changed)
        case 2:
            return b"\r\n" * random.randrange(1, 5) + data
        case 3:
            return data + random.randbytes(random.randrange(1, 200))
        case 4:
            return data.replace(
                b"HTTP/1.1", random.choice([b"HTTP/1.0", b"HTTP/2.0", b"HTTP/9", b"\x00"])
            )
    at = random.randrange(len(data))
    return data[:at] + random.choice([b"\r\n\r\n", b"\x00", b"\n", b"\r", b" "]) + data[at:]
