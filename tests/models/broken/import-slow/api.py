"""Makes the clock go on by 12 s, so that nobody has to wait."""

import time


def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


def predict():
    return {}


now = time.monotonic
time.monotonic = lambda: now() + 12
