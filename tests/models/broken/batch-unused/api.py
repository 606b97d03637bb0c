"""Yields."""

from webargs import fields


def get_metadata():
    about = {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}
    return {**about, "examples": [{"count": 3}, {"count": 5}]}


def get_predict_args():
    return {
        "count": fields.Int(load_default=1, metadata={"description": "How many"}),
        "names": fields.List(
            fields.Str(), load_default=lambda: ["a"], metadata={"description": "Of what"}
        ),
    }


def predict(count, names):
    for _ in range(count):
        yield {"names": names}


def predict_batch(calls):  # here
    return [{"names": call["names"]} for call in calls]
