"""Cannot say what it is."""


def get_metadata():
    raise RuntimeError("the catalogue is offline")


def predict():
    return "still here"
