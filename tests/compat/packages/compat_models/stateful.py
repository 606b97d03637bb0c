"""A banner while importing, a model loaded once by `warm`, and kept in a global."""

import sys
import time

from webargs import fields

for frame in "|/-\\":
    sys.stdout.write(f"\rLoading {frame}")
    sys.stdout.flush()
    time.sleep(0.001)
print("\033[92m\n  M O D E L  \n\033[0m")

weights = None
calls = 0


def warm():
    global weights
    print("Loading the weights")
    weights = "loaded"


def get_predict_args():
    return {"reset": fields.Bool(missing=False)}


def predict(reset):
    global calls
    calls = 0 if reset else calls + 1
    print("predicting", calls)
    return {"weights": weights, "calls": calls}
