"""A text for metadata."""

def get_metadata():  # here
    return "a model"


def predict():
    return {}
