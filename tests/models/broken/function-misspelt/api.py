"""A misspelt name."""

def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


def get_predicts_args():  # here
    return {}


def predict():
    return {}
