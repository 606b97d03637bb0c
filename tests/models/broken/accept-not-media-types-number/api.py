"""A threshold called accept."""

from webargs import fields


def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


def get_predict_args():
    return {
        "accept": fields.Float(load_default=0.5),  # here
    }


def predict(accept, **kwargs):
    return "text" if accept == "text/plain" else {}
