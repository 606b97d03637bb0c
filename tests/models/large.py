"""An answer of any size: JSON, bytes, or an open file with or without a name.

The content is a run of blocks that are numbered, so that none can be lost or swapped unseen;
`tests/support/content.py` makes the same.
"""

import io
import tempfile

from webargs import fields, validate

BLOCK_BYTES = 2**20


def blocks(size):
    for number in range((size + BLOCK_BYTES - 1) // BLOCK_BYTES):
        block = number.to_bytes(16, "big") * (BLOCK_BYTES // 16)
        yield block[: size - number * BLOCK_BYTES]


def get_predict_args():
    return {
        "size_bytes": fields.Int(required=True),
        "kind": fields.Str(missing="bytes"),
        "accept": fields.Str(
            missing="application/json",
            validate=validate.OneOf(["application/json", "application/octet-stream"]),
        ),
    }


def predict(**kwargs):
    size, kind = kwargs["size_bytes"], kwargs["kind"]
    if kind == "json":
        return {"text": "x" * size}
    if kind == "zeros":
        return bytes(size)
    if kind == "bytes":
        return b"".join(blocks(size))
    if kind == "memory":
        return io.BytesIO(b"".join(blocks(size)))
    file = tempfile.NamedTemporaryFile() if kind == "named" else tempfile.TemporaryFile()
    for block in blocks(size):
        file.write(block)
    file.seek(0)
    return file
