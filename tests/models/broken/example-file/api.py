"""An example that names a file instead of holding it."""

from webargs import fields


def get_metadata():  # here
    about = {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}
    return {**about, "examples": [{"data": "examples/seven.png"}]}


def get_predict_args():
    return {
        "data": fields.Raw(
            load_default=None,
            metadata={"type": "file", "location": "form", "description": "Measurements"},
        ),
    }


def predict(**kwargs):
    return {}
