"""Returns nothing for some arguments."""

from webargs import fields


def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


def get_predict_args():
    return {"count": fields.Int(load_default=1, metadata={"description": "How many"})}


def predict(count):
    if count < 10:
        return {"count": count}
    elif count > 100:
        print("too many")  # here
