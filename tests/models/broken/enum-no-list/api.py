"""A choice that is not in a list."""

from webargs import fields


def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


def get_predict_args():
    return {
        "mode": fields.Str(  # here
            load_default="fast", metadata={"enum": "fast", "description": "How"}
        ),
    }


def predict(**kwargs):
    return {}
