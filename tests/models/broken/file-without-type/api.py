"""A file that is not declared as one."""

from webargs import fields


def get_metadata():
    return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}


def get_predict_args():
    return {
        "data": fields.Field(  # here
            required=True, metadata={"location": "form", "description": "The image to look at"}
        ),
    }


def predict(**kwargs):
    return {}
