"""Describes itself with what JSON does not know."""


def get_metadata():
    return {"name": "metadata_unserialisable", "labels": {1, 2}, "self": object()}


def get_predict_args():
    return {}


def predict(**kwargs):
    return {"fine": True}
