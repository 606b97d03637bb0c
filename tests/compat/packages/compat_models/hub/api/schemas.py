import marshmallow
from webargs import ValidationError, fields, validate

from . import config, responses


class ModelName(fields.String):
    def _deserialize(self, value, attr, data, **kwargs):
        if value not in config.MODELS:
            raise ValidationError(f"Checkpoint `{value}` not found.")
        return f"models/{value}"


class PredArgsSchema(marshmallow.Schema):
    class Meta:
        ordered = True
        unknown = marshmallow.INCLUDE

    model_name = ModelName(
        metadata={"description": "String/Path identification for models."}, required=True
    )
    input_file = fields.Field(
        metadata={
            "description": "File with np.arrays for predictions.",
            "type": "file",
            "location": "form",
            "accept": ".npy",
        },
    )
    batch_size = fields.Integer(
        metadata={"description": "Number of samples per batch."},
        validate=validate.Range(min=1),
    )
    threshold = fields.Float(
        load_default=0.25, allow_none=True, validate=[validate.Range(min=0, max=1)]
    )
    classes = fields.List(fields.Str(), load_default=None, metadata={"description": "Filter"})
    accept = fields.String(
        metadata={"description": "Return format for method response.", "location": "headers"},
        validate=validate.OneOf(list(responses.content_types)),
    )


class TrainArgsSchema(marshmallow.Schema):
    class Meta:
        ordered = True

    model_name = ModelName(required=True)
    epochs = fields.Integer(required=True, validate=validate.Range(min=1))
    shuffle = fields.Boolean(load_default=True)
    callbacks = fields.Dict(load_default={})
