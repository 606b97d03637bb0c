"""An argument from a cookie, a default for a password."""

from webargs import fields

from .told import told


def get_predict_args():
    return {
        "session": fields.Str(metadata={"location": "cookies"}),
        "password": fields.Str(load_default="hunter2", metadata={"format": "password"}),
    }


def predict(**kwargs):
    return {"session": told(kwargs.get("session")), "secret": len(kwargs["password"])}
