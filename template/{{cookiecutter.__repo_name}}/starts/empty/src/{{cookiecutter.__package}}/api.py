"""What the host calls. Only `get_metadata` is there; the rest is examples of how it can look.

Comments here are code: uncomment what you need, or all of it at once. What does the work is better
kept in modules of its own beside this one.
"""

from typing import Any

# from deepaas.model.v2 import run
# from webargs import fields, validate
from . import metadata

# # How answers look: they are checked against it, and the try-me page shows each field by itself.
# schema = {
#     "words": fields.Int(required=True, metadata={"description": "How many words there are"}),
#     "longest": fields.Str(required=True, metadata={"description": "The longest of them"}),
# }


def get_metadata() -> dict[str, Any]:
    """Tell what this model is; asked for again and again."""
    return {
        **metadata.read(),
        # # Calls to click on, on the try-me page.
        # "examples": [{"text": "The quick brown fox jumps over the lazy dog", "shortest": 4}],
    }


# def warm() -> None:
#     """Load weights here: it runs once in each worker, before the first prediction."""


# def get_predict_args() -> dict[str, fields.Field]:
#     """The arguments of `predict`; the descriptions are the help texts of the try-me page."""
#     return {
#         "text": fields.Str(required=True, metadata={"description": "Any text"}),
#         "shortest": fields.Int(
#             load_default=1,
#             validate=validate.Range(1, 20),
#             metadata={"description": "Leave out words of fewer letters than this"},
#         ),
#     }


# def predict(text: str, shortest: int) -> dict[str, Any]:
#     """Answer one call; the arguments come by name, converted and checked."""
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
#     """Train, in a process of its own; what it returns is the result of the training."""
#     done = 0
#     while done < epochs and not run.cancelling():
#         done += 1
#         run.progress(done, epochs, f"epoch {done}")
#         print(f"epoch {done} of {epochs}", flush=True)
#     (run.directory() / "weights.txt").write_text(f"trained for {done} epochs\n")
#     return {"epochs": done}
