"""A field of every type."""

from webargs import fields

from .told import told


def get_predict_args():
    return {
        "int": fields.Int(),
        "integer_strict": fields.Integer(strict=True),
        "float": fields.Float(),
        "float_nan": fields.Float(allow_nan=True),
        "number": fields.Number(),
        "decimal": fields.Decimal(places=2),
        "bool": fields.Boolean(),
        "str": fields.Str(),
        "date": fields.Date(),
        "datetime": fields.DateTime(),
        "time": fields.Time(),
        "delta": fields.TimeDelta(),
        "uuid": fields.UUID(),
        "email": fields.Email(),
        "url": fields.Url(),
        "password": fields.Str(metadata={"format": "password", "description": "A secret"}),
        "choice": fields.Str(enum=["one", "two"], missing="one"),
        "plain": fields.Field(),
    }


def predict(**kwargs):
    return told(kwargs)


def get_train_args():
    return get_predict_args()


def train(**kwargs):
    return told(kwargs)
