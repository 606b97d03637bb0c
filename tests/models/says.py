"""Raises an exception with the text that it is given."""

from webargs import fields


def get_predict_args():
    return {"text": fields.Str(required=True)}


def predict(**kwargs):
    raise ValueError(kwargs["text"])
