"""A default that does not count."""

from webargs import fields, validate


def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


def get_predict_args():
    return {
        "accept": fields.Str(  # here
            load_default="text/plain", validate=validate.OneOf(["application/json", "text/plain"])
        ),
    }


def predict(accept, **kwargs):
    return "text" if accept == "text/plain" else {}
