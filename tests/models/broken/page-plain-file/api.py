"""A picture of which the page is not told."""

from webargs import fields


def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


def get_predict_args():
    return {
        "image": fields.Raw(  # here
            required=True,
            metadata={"type": "file", "location": "form", "description": "What to classify"},
        ),
    }


def predict(**kwargs):
    return {}
