"""Starts processes that have nothing in common with this one: no parent, session, environment."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from webargs import fields

HOME = Path(os.environ["DEEPAAS_TEST_DIR"])
DAEMON = """
import ctypes, os, sys, time
path, label, how = sys.argv[1:]
if os.fork():
    os._exit(0)
os.setsid()
if os.fork():
    os._exit(0)
if how == "takes_in_orphans":
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
    if not os.fork():
        if os.fork():
            os._exit(0)
with open(f"{path}-{label}", "a") as file:
    file.write(f"{os.getpid()}\\n")
while how == "hops":
    # Nobody is there for long: each starts the next one and ends.
    if os.fork():
        os._exit(0)
if how != "ends":
    time.sleep(3600)
"""


def escape(label, how):
    """Start one, and wait until it has left."""
    command = [sys.executable, "-IS", "-c", DAEMON, str(HOME / "escaped"), label, how]
    subprocess.run(command, env={}, start_new_session=True, check=True)
    expected = 2 if how == "takes_in_orphans" else 1
    path = HOME / f"escaped-{label}"
    while not path.exists() or len(path.read_text().splitlines()) < expected:
        time.sleep(0.01)


def arguments():
    return {
        "label": fields.Str(required=True),
        "how": fields.Str(load_default="sleeps"),
        "then": fields.Str(load_default="returns"),
        "stops_above": fields.Bool(load_default=False),
    }


get_predict_args = get_train_args = arguments


def predict(label, how, then, stops_above):
    escape(label, how)
    if stops_above:
        os.kill(os.getppid(), signal.SIGSTOP)
    return end(then)


def train(label, how, then, stops_above):
    escape(label, how)
    if stops_above:
        os.kill(os.getppid(), signal.SIGSTOP)
    return end(then)


def end(then):
    if then == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    if then == "exits":
        os._exit(1)
    if then == "fails":
        raise RuntimeError("as it was told to")
    while then == "blocks":
        time.sleep(1)
    return {"pid": os.getpid()}
