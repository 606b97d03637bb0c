"""Wants its weights at import."""

WEIGHTS = open("/nonexistent/weights").read()  # here


def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


def predict(**kwargs):
    return {}
