"""What models print, as the log has it."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from deepaas.workers.output import MAX_LINE_CHARACTERS, WorkerOutput

Printed = Callable[..., list[str]]


@pytest.fixture
def printed(caplog: pytest.LogCaptureFixture) -> Printed:
    """What the log has when a worker has printed these chunks."""
    caplog.set_level(logging.INFO, "deepaas.output")

    def feed(*chunks: bytes) -> list[str]:
        output = WorkerOutput("m/1")
        for chunk in chunks:
            output.data_received(chunk)
        output.connection_lost(None)
        return "\n".join(caplog.messages).splitlines()

    return feed


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        ([b"one\ntwo\n"], ["one", "two"]),
        ([b"o", b"ne\nt", b"wo"], ["one", "two"]),
        ([b"one\r\ntwo\r\n"], ["one", "two"]),
        ([b"\n\n  \none  \n"], ["one"]),
        ([b"  indented"], ["  indented"]),
        (["é ✓\n".encode()], ["é ✓"]),
        ([b"\xc3", b"\xa9\n"], ["é"]),
        ([b"\xff\n"], ["\\xff"]),
        ([b"10%\r20%\r100%\n"], ["100%"]),
        ([b"10%\r", b"20%\r", b"100%\n"], ["100%"]),
        ([b"\x1b[31mred\x1b[0m \x1b[2K\x1b[1Aup\n"], ["red up"]),
        ([b"a\x00b\x07c\td\n"], ["abc\td"]),
        ([], []),
    ],
    ids=repr,
)
def test_lines(chunks: list[bytes], expected: list[str], printed: Printed) -> None:
    assert printed(*chunks) == [f"[m/1] {line}" for line in expected]


def test_a_long_line_is_cut(printed: Printed) -> None:
    lines = printed(b"a" * (MAX_LINE_CHARACTERS * 2) + b"\nb\n")
    assert lines == ["[m/1] " + "a" * MAX_LINE_CHARACTERS + "…", "[m/1] b"]


def test_endless_output_without_a_line_break_is_not_held(printed: Printed) -> None:
    lines = printed(*[b"a" * 1000] * 50, b"\nb\n")
    assert 1 < len(lines) < 60
    assert max(map(len, lines)) < MAX_LINE_CHARACTERS + 20
    assert lines[-1] == "[m/1] b"


def test_an_endless_animation_shows_now_and_then(printed: Printed) -> None:
    lines = printed(*[f"{step:6d} of 10000\r".encode() for step in range(10_000)], b"done\n")
    assert 10 < len(lines) < 100
    assert lines[-1] == "[m/1] done"
    assert all(line.endswith("of 10000") for line in lines[:-1])
