"""Well behaved and quick: the neighbour that must not notice anything."""

from webargs import fields


def get_metadata():
    return {"name": "plain", "description": "Gives the text back"}


def get_predict_args():
    return {"text": fields.Str(missing="hello")}


def predict(**kwargs):
    return {"text": kwargs["text"]}
