"""Is killed while it is warmed."""

import os
import signal


def warm():
    os.kill(os.getpid(), signal.SIGKILL)


def get_predict_args():
    return {}


def predict(**kwargs):
    return {}
