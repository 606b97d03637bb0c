"""Takes a file and looks at nothing but its size."""

from pathlib import Path

from webargs import fields


def get_metadata():
    return {"name": "filesize", "description": "The size of a file", "version": "1"}


def get_predict_args():
    return {"data": fields.Field(required=True, type="file", location="form")}


def predict(**kwargs):
    return {"size": Path(kwargs["data"].filename).stat().st_size}
