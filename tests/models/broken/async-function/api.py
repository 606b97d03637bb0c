"""Asynchronous."""

def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


async def predict():  # here
    return {}
