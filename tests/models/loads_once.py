"""Loads the first time; afterwards only while the file `load` exists. Dies when it is called so."""

import os
import pathlib

from webargs import fields

FOLDER = pathlib.Path(os.environ["DEEPAAS_TEST_DIR"])
FIRST = FOLDER / "loaded"

if FIRST.exists() and not (FOLDER / "load").exists():
    raise RuntimeError("the weights are gone")
FIRST.touch()


def get_predict_args():
    return {"die": fields.Bool(missing=False)}


def predict(**kwargs):
    if kwargs["die"]:
        os._exit(1)
    return {"alive": True}
