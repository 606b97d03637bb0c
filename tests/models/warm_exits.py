"""Leaves while it is warmed."""

import sys


def warm():
    sys.exit(0)


def get_predict_args():
    return {}


def predict(**kwargs):
    return {}
