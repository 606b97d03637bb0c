"""Trains with arguments that nobody can give."""

def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


def train(epochs=1):  # here
    return epochs
