"""Takes a list of numbers and does nothing with it."""

from marshmallow import fields


def get_metadata():
    return {"name": "floats", "description": "How many numbers there are", "version": "1"}


def get_predict_args():
    return {"values": fields.List(fields.Float(), load_default=[])}


def predict(**kwargs):
    return {"count": len(kwargs["values"])}
