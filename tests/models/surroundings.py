"""Tells the environment variables that the host has given to its process."""

import os

from webargs import fields

NAMES = (
    "CUDA_DEVICE_ORDER",
    "CUDA_VISIBLE_DEVICES",
    "DEEPAAS_DEVICE",
    "MKL_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
)


def get_predict_args():
    return {"nothing": fields.Str(load_default="")}


def get_train_args():
    return {"nothing": fields.Str(load_default="")}


def predict(**_):
    return {"pid": os.getpid()} | {name: os.environ.get(name) for name in NAMES}


def train(**_):
    return predict()
