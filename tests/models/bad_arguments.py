"""Fails when it is asked for its arguments."""


def get_predict_args():
    raise RuntimeError("the arguments are not ready")


def predict(**kwargs):
    return {}
