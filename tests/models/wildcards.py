"""Offers kinds of media, and answers with a file of one."""

import os
import tempfile
from pathlib import Path

from webargs import fields, validate


def get_metadata():
    return {"name": "wildcards"}


def get_predict_args():
    return {
        "file": fields.Field(required=True, type="file", location="form"),
        "accept": fields.Str(
            load_default="application/json",
            validate=validate.OneOf(["application/json", "image/*", "*/*"]),
        ),
    }


def predict(file, accept):
    folder = Path(os.environ.get("DEEPAAS_TEST_DIR", tempfile.gettempdir()))
    path = folder / "drawn.png"
    path.write_bytes(b"a picture")
    return path
