"""Starts processes and threads that mean to outlive the call."""

import multiprocessing
import os
import signal
import subprocess
import threading
import time

from webargs import fields


def sleep():
    time.sleep(3600)


def fork():
    if os.fork() == 0:
        sleep()


def fork_returns():
    """The child comes back from predict as well: a second answer, and a second reader."""
    os.fork()


def deaf_fork():
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        sleep()


def pool():
    process = multiprocessing.get_context("spawn").Process(target=sleep)
    process.start()


CASES = {
    "subprocess": lambda: subprocess.Popen(["sleep", "3600"]),
    "session": lambda: subprocess.Popen(["sleep", "3600"], start_new_session=True),
    "shell": lambda: subprocess.Popen("sleep 3600 & sleep 3600", shell=True),
    "fork": fork,
    "fork_returns": fork_returns,
    "deaf_fork": deaf_fork,
    "multiprocessing": pool,
    "thread": lambda: threading.Thread(target=sleep).start(),
    "nothing": lambda: None,
}


def get_predict_args():
    return {
        "how": fields.Str(required=True, enum=list(CASES)),
        "die": fields.Bool(missing=False),
        "block": fields.Bool(missing=False),
        "text": fields.Str(missing=""),
    }


def predict(**kwargs):
    CASES[kwargs["how"]]()
    if kwargs["die"]:
        os.kill(os.getpid(), signal.SIGKILL)
    if kwargs["block"]:
        with open(os.path.join(os.environ["DEEPAAS_TEST_DIR"], "journal"), "a") as journal:
            journal.write(kwargs["how"] + "\n")
        sleep()
    return {"text": kwargs["text"]}
