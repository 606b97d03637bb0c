"""`accept` with its choices written in other ways than as one OneOf of a list."""

from webargs import fields, validate

CHOICES = ["text/plain", "application/json"]


class Tuple:
    @staticmethod
    def get_predict_args():
        one_of = validate.OneOf(tuple(CHOICES))
        return {"accept": fields.Str(location="headers", validate=one_of)}

    @staticmethod
    def predict(accept):
        return accept


class InList(Tuple):
    @staticmethod
    def get_predict_args():
        return {"accept": fields.Str(location="headers", validate=[validate.OneOf(CHOICES)])}


class Unchecked(Tuple):
    @staticmethod
    def get_predict_args():
        return {"accept": fields.Str(location="headers", missing="text/plain")}
