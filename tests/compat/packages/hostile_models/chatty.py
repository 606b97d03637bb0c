"""Prints."""

import sys


def predict():
    print("a word from the model")
    print("a warning from the model", file=sys.stderr)
    return "said"
