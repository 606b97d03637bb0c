"""Offers media types, and answers with JSON always."""

from webargs import fields, validate


def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


def get_predict_args():
    return {
        "text": fields.Str(required=True, metadata={"description": "A text"}),
        "accept": fields.Str(validate=validate.OneOf(["application/json", "text/plain"])),
    }


def predict(**kwargs):  # here
    return {"text": kwargs["text"]}
