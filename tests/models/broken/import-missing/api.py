"""Imports what nobody has."""

import a_library_that_nobody_has  # here


def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


def predict():
    return a_library_that_nobody_has.predict()
