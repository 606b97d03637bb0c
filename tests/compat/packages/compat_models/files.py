"""File arguments: some required, one described with both image and video."""

from webargs import fields

from .told import told


def get_predict_args():
    return {
        "image": fields.Field(
            required=True, type="file", location="form", description="The image to look at"
        ),
        "input": fields.Field(
            metadata={
                "type": "file",
                "location": "form",
                "description": "Input either an image or a video.\nAccepted image formats: bmp.",
            }
        ),
        "no-location": fields.Field(missing=None, metadata={"type": "file"}),
        "demo_audio": fields.Raw(metadata={"type": "file", "location": "form"}),
        "label": fields.Str(),
        "labels": fields.List(fields.Int()),
    }


def predict(**kwargs):
    return told(kwargs)
