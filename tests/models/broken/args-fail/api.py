"""Cannot say what it takes."""

def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


def get_predict_args():
    return {}["text"]  # here


def predict(**kwargs):
    return {}
