"""Answers with a dict where text was asked for."""

from webargs import fields, validate


def get_metadata():
    about = {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}
    return {**about, "examples": [{"count": 3}]}


def get_predict_args():
    return {
        "count": fields.Int(load_default=1, metadata={"description": "How many"}),
        "accept": fields.Str(validate=validate.OneOf(["application/json", "text/plain"])),
    }


def predict(count, accept):  # here
    print("asked for", accept)
    return {"count": count}
