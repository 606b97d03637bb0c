"""A password for all to see."""

from webargs import fields


def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


def get_predict_args():
    return {
        "password": fields.Str(load_default="", metadata={"description": "Of the store"}),  # here
    }


def predict(**kwargs):
    return {}
