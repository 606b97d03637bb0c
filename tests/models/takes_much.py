"""Arguments in large numbers, and an answer of whatever type the client names."""

from webargs import fields


def get_predict_args():
    return {
        "texts": fields.List(fields.Str(), missing=[]),
        "numbers": fields.List(fields.Int(), missing=[]),
        "accept": fields.Str(missing="application/json"),
    }


def predict(**kwargs):
    return str(sum(map(len, kwargs["texts"])))
