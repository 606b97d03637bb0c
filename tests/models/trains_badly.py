"""A model whose code treats the host badly, on purpose or as existing packages do."""

import atexit
import json
import multiprocessing
import os
import shutil
import threading
import time
from pathlib import Path

from webargs import fields

from deepaas.model.v2 import run

HOME = Path(os.environ["DEEPAAS_TEST_DIR"])


def get_metadata():
    raise RuntimeError("needs the network")


def get_predict_args():
    return {"how": fields.Str(load_default="")}


def predict(how):
    return _pool() if how == "pool" else {}


def _slowly(value):
    if value and "DEEPAAS_RUN_DIR" in os.environ:
        note("loading")
        time.sleep(1)


def get_train_args():
    return {
        "how": fields.Str(load_default=""),
        "checked": fields.Str(load_default="", validate=_slowly),
    }


def train(how, checked):
    return HOWS[how]()


def note(text):
    with (HOME / "journal").open("a") as journal:
        journal.write(f"{text}\n")


def control():
    return Path(os.environ["DEEPAAS_RUN_CONTROL"])


def square(number):
    return number * number


def _pool():
    with multiprocessing.get_context("fork").Pool(2) as pool:
        return pool.map(square, [1, 2, 3])


def _polled_pool():
    run.cancelling()
    return _pool()


def _spool():
    atexit.register(shutil.rmtree, control().parent / "spool")
    return {"text": "x" * 200_000}


def _pipe():
    os.mkfifo(control() / "progress.json")
    os.mkfifo(control() / "watched")
    os.mkfifo(control().parent / "outcome.partial")
    return {}


def _outcome():
    told = {"state": "running", "finished": 1.0}
    (control().parent / "outcome").write_text(json.dumps(told))
    note("ready")
    time.sleep(3600)


def _waits():
    note("ready")
    time.sleep(3600)


def _saves_late():
    def save():
        time.sleep(3)
        (run.directory() / "saved").write_text("whole")

    atexit.register(save)
    note("ready")
    time.sleep(3600)


def _lingers():
    threading.Thread(target=time.sleep, args=(3600,)).start()
    note("leaves")
    return {"text": "result"}


def _environment():
    return sorted(os.environ)


HOWS = {
    name[1:]: function
    for name, function in list(globals().items())
    if name.startswith("_") and callable(function) and not name.startswith("__")
}
