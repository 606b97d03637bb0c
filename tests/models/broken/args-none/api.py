"""Forgets to return the arguments."""

from webargs import fields


def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


def get_predict_args():  # here
    {"text": fields.Str(metadata={"description": "A text"})}


def predict(**kwargs):
    return {}
