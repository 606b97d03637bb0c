"""Files, one or many, beside a text, and a number."""

from pathlib import Path

from compat_models.told import told
from webargs import fields


def get_predict_args():
    return {
        "image": fields.Field(type="file", location="form", missing=None),
        "images": fields.List(fields.Field(type="file", location="form")),
        "label": fields.Str(missing=""),
        "count": fields.Int(missing=0),
        "anything": fields.Raw(missing=None),
    }


def predict(**kwargs):
    if kwargs["image"]:
        assert Path(kwargs["image"].filename).is_file()
    return told({name: value for name, value in kwargs.items() if name != "anything"})
