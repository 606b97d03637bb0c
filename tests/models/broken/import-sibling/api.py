"""Imports what lies beside it as scripts do."""

import helpers_of_mine


def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


def predict():
    return {"text": helpers_of_mine.TEXT}
