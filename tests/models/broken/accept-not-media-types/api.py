"""Words instead of media types."""

from webargs import fields, validate


def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


def get_predict_args():
    return {
        "accept": fields.Str(validate=validate.OneOf(["json", "pdf"])),  # here
    }


def predict(accept, **kwargs):
    return "text" if accept == "text/plain" else {}
