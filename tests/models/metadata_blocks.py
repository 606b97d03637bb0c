"""Does not come back with its metadata once the file `block` exists."""

import os
import pathlib
import time


def get_metadata():
    while (pathlib.Path(os.environ["DEEPAAS_TEST_DIR"]) / "block").exists():
        time.sleep(0.01)
    return {"name": "metadata_blocks"}


def get_predict_args():
    return {}


def predict(**kwargs):
    return {"fine": True}
