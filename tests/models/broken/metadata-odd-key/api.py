"""A key that is a number."""


def get_metadata():  # here
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1", 3: 4}


def predict():
    return {}
