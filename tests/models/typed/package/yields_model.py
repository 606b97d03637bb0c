"""A DEEPaaS package whose ``predict`` yields."""

from webargs import fields


def get_predict_args():
    return {"count": fields.Int(missing=2), "picture": fields.Field(type="file", location="form")}


def predict(count, picture=None):
    for number in range(count):
        print("now", number)
        yield {"number": number}
    if picture is not None:
        with open(picture.filename, "rb") as file:
            yield len(file.read())
