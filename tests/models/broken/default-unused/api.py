"""A default for results, where one for arguments is meant."""

from webargs import fields


def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


def get_predict_args():
    return {
        "count": fields.Int(dump_default=3, metadata={"description": "How many"}),  # here
    }


def predict(count):
    return {"count": count}
