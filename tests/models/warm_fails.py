"""Cannot be warmed."""


def warm():
    raise RuntimeError("the weights are not there")


def get_predict_args():
    return {}


def predict(**kwargs):
    return {"warm": False}
