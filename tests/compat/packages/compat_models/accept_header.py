"""The answer's type chosen by the header `Accept`, as the AI4OS template does."""

import io
import tempfile

from webargs import fields, validate

CONTENT_TYPES = ["application/json", "text/plain", "image/png", "application/zip", "audio/*"]


def get_predict_args():
    return {
        "returns": fields.Str(missing="dict"),
        "accept": fields.Str(
            metadata={"description": "Returns", "location": "headers"},
            missing="text/plain",
            validate=validate.OneOf(CONTENT_TYPES),
        ),
    }


def predict(returns, accept):
    return {
        "dict": lambda: {"accept": accept},
        "bytes": lambda: b"bytes for " + accept.encode(),
        "str": lambda: f"text for {accept}: é",
        "none": lambda: None,
        "bytearray": lambda: bytearray(b"array"),
        "bytesio": lambda: io.BytesIO(b"in memory"),
        "stringio": lambda: io.StringIO("text in memory"),
        "file": written,
        "file read": read,
        "text file": lambda: open(__file__),
        "list": lambda: [b"a", b"b"],
        "number": lambda: 5,
    }[returns]()


def written():
    """An open file that is never closed, its name a temporary one: as authors do it."""
    with tempfile.NamedTemporaryFile(suffix=".bin", delete=False) as file:
        file.write(b"in a file " * 10_000)
    return open(file.name, "rb")


def read():
    """A file of which a part has been read already."""
    file = written()
    file.read(5)
    return file
