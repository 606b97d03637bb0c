"""Size and hash of an upload; `treat` says what else is done to it."""

import hashlib
import os

from webargs import fields


def get_predict_args():
    return {
        "data": fields.Field(required=True, type="file", location="form"),
        "treat": fields.Str(missing="keep", enum=["keep", "delete", "truncate", "folder"]),
    }


def predict(**kwargs):
    upload = kwargs["data"]
    digest = hashlib.sha256()
    size = 0
    with open(upload.filename, "rb") as file:
        while block := file.read(2**20):
            size += len(block)
            digest.update(block)
    if kwargs["treat"] == "delete":
        os.unlink(upload.filename)
    elif kwargs["treat"] == "truncate":
        open(upload.filename, "wb").close()
    elif kwargs["treat"] == "folder":
        os.unlink(upload.filename)
        os.mkdir(upload.filename)
        open(os.path.join(upload.filename, "litter"), "w").close()
    return {"size": size, "sha256": digest.hexdigest(), "name": upload.original_filename}
