"""Works on what it is given."""

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
    for call in calls:
        call["names"].append("b")
    return [{"count": call["count"], "names": call["names"][:-1]} for call in calls]
