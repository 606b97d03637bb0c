"""A list of names for a schema."""

def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


schema = ["labels", "probabilities"]  # here


def predict():
    return {}
