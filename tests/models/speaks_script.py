"""A model that has learnt to speak the languages which browsers execute.

Whatever it says tries to call the host with the rights of the page that shows it: the prediction
`text=owned` stands in the journal then.
"""

import base64
import os
from pathlib import Path

from webargs import fields, validate

from deepaas.model.v2 import run

JOURNAL = Path(os.environ["DEEPAAS_TEST_DIR"]) / "journal"
CALL = "fetch('/v2/models/speaks_script/predict/?text=owned',{method:'POST'})"
SCRIPT = f"<script>{CALL}</script><img src=x onerror=\"{CALL}\">"
SVG = (
    "<svg xmlns='http://www.w3.org/2000/svg'><rect width='9' height='9' fill='red'/>"
    f"<script>{CALL}</script></svg>"
)
XHTML = f"<html xmlns='http://www.w3.org/1999/xhtml'><body><script>{CALL}</script></body></html>"
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
ANSWERS = {
    "application/json": {"text": SCRIPT},
    "text/html": f"<!doctype html><title>shown</title><h1 style='color: red'>Shown</h1>{SCRIPT}",
    "image/svg+xml": SVG,
    "application/xhtml+xml": XHTML,
    "text/xml": SVG,
    "text/plain": SCRIPT,
    "image/png": base64.b64decode(PIXEL),
}


def get_metadata():
    return {
        "name": f"speaks {SCRIPT}",
        "title": f"Speaks {SCRIPT}",
        "description": f"{SCRIPT} [link](javascript:{CALL})",
        "author": SCRIPT,
        "license": SCRIPT,
        "version": SCRIPT,
        "url": f"javascript:{CALL}",
    }


def get_predict_args():
    return {
        "text": fields.Str(load_default="", metadata={"description": f"The words {SCRIPT}"}),
        "accept": fields.Str(
            load_default="application/json",
            validate=validate.OneOf(list(ANSWERS)),
            metadata={"location": "headers"},
        ),
    }


def predict(text, accept):
    with JOURNAL.open("a") as journal:
        journal.write(f"predict {text}\n")
    answer = ANSWERS.get(accept, ANSWERS["application/json"])
    return answer.encode() if isinstance(answer, str) else answer


def get_train_args():
    return {"text": fields.Str(load_default="")}


def train(text):
    with JOURNAL.open("a") as journal:
        journal.write(f"train {text}\n")
    print(SCRIPT, text, flush=True)
    run.progress(1, 2, SCRIPT)
    for name, media_type in (("page.html", "text/html"), ("drawing.svg", "image/svg+xml")):
        (run.directory() / name).write_text(ANSWERS[media_type])
    return {"text": SCRIPT}
