"""Hostile: has the host told that its answer lies in a file that is none of its own."""

import os
from pathlib import Path

from webargs import fields

from deepaas.messages import Answer
from deepaas.runtime.results import Results

HOME = Path(os.environ["DEEPAAS_TEST_DIR"])


def get_predict_args():
    return {"how": fields.Str(required=True), "target": fields.Str(required=True)}


def predict(how, target):
    def answer(self, call_id, media_type, body):
        path = str(self._spool / str(call_id))
        if how == "elsewhere":
            path = target
        elif how == "dots":
            path = str(self._spool / str(call_id) / ".." / ".." / ".." / Path(target).name)
        elif how == "symlink":
            os.symlink(target, path)
        elif how == "fifo":
            os.mkfifo(path)
        return Answer(call_id, media_type, path=path)

    Results._answer = answer
    return {"answer": 1}
