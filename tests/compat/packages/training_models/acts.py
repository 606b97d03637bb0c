"""Trains in the way that the argument says; paths are below the working directory."""

import os
import subprocess
import time
from pathlib import Path

from webargs import fields

weights = None
trainings = 0


def warm():
    global weights
    weights = "loaded"


def get_predict_args():
    return {}


def predict():
    return "here"


def get_train_args():
    return {
        "act": fields.Str(missing="nothing", description="What is to happen"),
        "text": fields.Str(missing=""),
    }


def wait(text):
    """Says that it has begun, and goes on until it is told to."""
    Path(f"{text}.begun").write_text(str(os.getpid()))
    while not Path(f"{text}.go").exists():
        time.sleep(0.02)
    return text


def fork(text):
    children = [
        subprocess.Popen(["sleep", "3600"]),
        subprocess.Popen(["sleep", "3600"], start_new_session=True),
    ]
    Path(f"{text}.children").write_text(" ".join(str(child.pid) for child in children))
    return wait(text)


def fail(text):
    raise ValueError(text)


def count():
    global trainings
    trainings += 1
    return trainings


def train(act, text):
    print("training", act)
    acts = {
        "wait": lambda: wait(text),
        "fork": lambda: fork(text),
        "fail": lambda: fail(text),
        "count": count,
        "warmed": lambda: weights,
        "folder": lambda: Path.cwd().name,
        "numbers": lambda: (number for number in range(3)),
    }
    if act in acts:
        return acts[act]()
    # Only here, since aiohttp takes as long to import as the rest of a worker.
    from compat_models import returned
    from hostile_models import raises

    if act in returned.ANSWERS:
        return returned.ANSWERS[act]
    return raises.ACTS[act]()
