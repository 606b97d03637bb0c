"""Warm with an argument."""

def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


def warm(device):  # here
    return device


def predict():
    return {}
