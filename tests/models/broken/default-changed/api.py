"""Works on its default."""

from webargs import fields


def get_metadata():
    about = {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}
    return {**about, "examples": [{"count": 3}]}


def get_predict_args():
    return {
        "labels": fields.List(fields.Str(), load_default=[], metadata={"description": "Names"}),
        "count": fields.Int(load_default=1, metadata={"description": "How many"}),
    }


def predict(labels, count):  # here
    labels.append(str(count))
    return {"labels": labels}
