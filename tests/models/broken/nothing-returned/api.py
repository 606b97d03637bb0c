"""Computes a result, and forgets to return it."""

def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


def predict():  # here
    result = {"sum": 1 + 1}
