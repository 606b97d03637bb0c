"""The answer described by a dict of fields."""

from webargs import fields, validate

schema = {
    "status": fields.Str(description="Model predictions", required=True),
    "date": fields.Date(),
    "labels": fields.List(
        fields.Nested(
            {"label": fields.Str(required=True), "probability": fields.Float(required=True)}
        )
    ),
    "score": fields.Float(validate=validate.Range(min=0, max=1)),
    "choice": fields.Str(validate=validate.OneOf(["a", "b"]), missing="a"),
}

ANSWERS = {
    "good": {"status": "OK", "labels": [{"label": "cat", "probability": 0.5}]},
    "sent unchanged": {"status": "OK", "date": "2019-01-1", "score": "0.25"},
    "missing": {"labels": []},
    "unknown": {"status": "OK", "more": 1},
    "wrong type": {"status": 1},
    "out of range": {"status": "OK", "score": 2},
    "no dict": ["OK"],
    "none": None,
}


def get_predict_args():
    return {"kind": fields.Str(missing="good")}


def predict(kind):
    return ANSWERS[kind]
