"""A value for a function."""

def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


warm = True  # here


def predict():
    return {}
