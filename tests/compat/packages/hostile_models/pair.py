"""Two texts, given back."""

from webargs import fields


def get_predict_args():
    return {"first": fields.Str(missing=None), "second": fields.Str(missing=None)}


def predict(first, second):
    return [first, second]
