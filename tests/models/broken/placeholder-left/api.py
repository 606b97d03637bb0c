"""The author that the template proposes."""


def get_metadata():  # here
    return {"description": "Broken", "author": "Your Name", "license": "MIT", "version": "1"}


def predict():
    return {}
