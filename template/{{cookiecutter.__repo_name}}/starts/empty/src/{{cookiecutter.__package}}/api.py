"""The functions that the host calls. So far, only `get_metadata`.

The commented code shows the other functions: uncomment what you need, or all of it at once. It is
best to put the actual work into separate modules.
"""

from typing import Any

# from deepaas.model.v2 import run
# from webargs import fields, validate
from . import metadata

# # The fields of a result: the host validates them, and the try-me page shows each separately.
# schema = {
#     "words": fields.Int(required=True, metadata={"description": "Number of words"}),
#     "longest": fields.Str(required=True, metadata={"description": "The longest word"}),
# }


def get_metadata() -> dict[str, Any]:
    """Return the metadata of the model. The host calls this often."""
    return {
        **metadata.read(),
        # # Examples for the try-me page.
        # "examples": [{"text": "The quick brown fox jumps over the lazy dog", "shortest": 4}],
    }


# def warm() -> None:
#     """Load weights here. Runs once in each worker, before the first prediction."""


# def get_predict_args() -> dict[str, fields.Field]:
#     """The arguments of `predict`. The try-me page shows the descriptions as help texts."""
#     return {
#         "text": fields.Str(required=True, metadata={"description": "Any text"}),
#         "shortest": fields.Int(
#             load_default=1,
#             validate=validate.Range(1, 20),
#             metadata={"description": "Ignore words with fewer letters"},
#         ),
#     }


# def predict(text: str, shortest: int) -> dict[str, Any]:
#     """Make a prediction. The arguments are passed by name, converted and validated."""
#     words = [word for word in text.split() if len(word) >= shortest]
#     return {"words": len(words), "longest": max(words, key=len, default="")}


# def get_train_args() -> dict[str, fields.Field]:
#     """The arguments of `train`."""
#     return {
#         "epochs": fields.Int(
#             load_default=10,
#             validate=validate.Range(1, 1000),
#             metadata={"description": "Passes over the data"},
#         ),
#     }


# def train(epochs: int) -> dict[str, Any]:
#     """Train, in a separate process. The return value is the result of the training run."""
#     done = 0
#     while done < epochs and not run.cancelling():
#         done += 1
#         run.progress(done, epochs, f"epoch {done}")
#         print(f"epoch {done} of {epochs}", flush=True)
#     (run.directory() / "weights.txt").write_text(f"trained for {done} epochs\n")
#     return {"epochs": done}
