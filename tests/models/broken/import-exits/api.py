"""Is a script."""

import sys


def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


sys.exit("usage: api.py IMAGE")  # here
