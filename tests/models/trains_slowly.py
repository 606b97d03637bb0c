"""Loads at once for predictions, and for a training only when the test says so (file `load`)."""

import os
import time
from pathlib import Path

HOME = Path(os.environ["DEEPAAS_TEST_DIR"])

if "DEEPAAS_RUN_DIR" in os.environ:
    with (HOME / "journal").open("a") as journal:
        journal.write("loads\n")
    while not (HOME / "load").exists():
        time.sleep(0.01)


def get_predict_args():
    return {}


def predict():
    return {}


def get_train_args():
    return {}


def train():
    (Path(os.environ["DEEPAAS_RUN_DIR"]) / "trained").touch()
    return {}
