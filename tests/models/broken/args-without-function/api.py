"""Arguments of a function that is not there."""

from webargs import fields


def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


def get_train_args():  # here
    return {"epochs": fields.Int(metadata={"description": "How often"})}


def predict():
    return {}
