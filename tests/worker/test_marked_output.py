"""What a worker prints is taken apart, for which call each piece is, however the bytes come."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from deepaas.printed import MarkedOutput, marked

MARK = bytes(range(16))
PIECES = st.lists(
    st.tuples(st.sampled_from([0, 0, 1, 7, 2**40]), st.binary(min_size=1, max_size=9000)),
    max_size=8,
)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(PIECES, st.data())
def test_pieces_cut_anywhere(pieces: list[tuple[int, bytes]], data: st.DataObject) -> None:
    stream = b"".join(
        b"".join(marked(MARK, call_id, text)) if call_id else text for call_id, text in pieces
    )
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=12).map(sorted))
    buffer = MarkedOutput()
    buffer.mark = MARK
    found: dict[int, bytes] = {}
    for start, end in pairwise([0, *cuts, len(stream)]):
        for call_id, text in buffer.feed(stream[start:end]):
            found[call_id] = found.get(call_id, b"") + text
    found[0] = found.get(0, b"") + buffer.end()
    expected: dict[int, bytes] = {0: b""}
    for call_id, text in pieces:
        expected[call_id] = expected.get(call_id, b"") + text
    assert found == expected


def test_what_does_not_know_the_mark_cannot_forge_it() -> None:
    buffer = MarkedOutput()
    buffer.mark = MARK
    forged = b"".join(marked(b"x" * 16, 7, b"not mine"))
    assert buffer.feed(forged) == [(0, forged)]
