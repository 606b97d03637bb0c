"""Content of any size that is made on the fly and whose hash is known; see `models/large.py`."""

import hashlib
from collections.abc import Iterator

BLOCK_BYTES = 2**20
MB = 10**6


def blocks(size: int) -> Iterator[bytes]:
    """`size` bytes in blocks that are numbered: none can be lost or swapped unseen."""
    for number in range((size + BLOCK_BYTES - 1) // BLOCK_BYTES):
        block = number.to_bytes(16, "big") * (BLOCK_BYTES // 16)
        yield block[: size - number * BLOCK_BYTES]


def sha256(size: int) -> str:
    digest = hashlib.sha256()
    for block in blocks(size):
        digest.update(block)
    return digest.hexdigest()
