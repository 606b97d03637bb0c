"""The first process that imports it cannot; all others can."""

import os
import pathlib

FIRST = pathlib.Path(os.environ["DEEPAAS_TEST_DIR"]) / "first"

try:
    FIRST.touch(exist_ok=False)
except FileExistsError:
    pass
else:
    raise RuntimeError("no room on the device")


def predict():
    return {"pid": os.getpid()}
