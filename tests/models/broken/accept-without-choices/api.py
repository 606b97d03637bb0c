"""Any media type."""

from webargs import fields


def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


def get_predict_args():
    return {
        "accept": fields.Str(load_default="text/plain"),  # here
    }


def predict(accept, **kwargs):
    return "text" if accept == "text/plain" else {}
