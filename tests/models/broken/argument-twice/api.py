"""Two arguments with one name."""

from webargs import fields


def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


def get_predict_args():
    return {
        "first": fields.Str(data_key="text", load_default="", metadata={"description": "A text"}),
        "text": fields.Str(load_default="", metadata={"description": "A text"}),  # here
    }


def predict(**kwargs):
    return {}
