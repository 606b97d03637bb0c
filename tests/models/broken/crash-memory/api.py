"""Takes more memory than there is."""

import os
import resource
import signal


def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


def warm():
    resource.setrlimit(resource.RLIMIT_AS, (2**31, resource.RLIM_INFINITY))
    hoard = []
    try:
        while True:
            hoard.append(bytearray(2**26))
    except MemoryError:
        os.kill(os.getpid(), signal.SIGKILL)  # what the kernel does then


def predict():
    return {}
