"""Sorts its calls."""

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
    return {"count": count, "names": names}


def predict_batch(calls):  # here
    ordered = sorted(calls, key=lambda call: -call["count"])
    return [predict(**call) for call in ordered]
