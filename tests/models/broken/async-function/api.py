"""Asynchronous."""

def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


def predict():
    return {}


async def get_train_args():  # here
    return {}


def train():
    return {}
