"""Ends the process at import."""

import os
import sys


def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


print("no licence for this machine", file=sys.stderr, flush=True)
os._exit(3)
