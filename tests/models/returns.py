"""Answers that JSON does not know."""

from webargs import fields


def circular():
    items = [1]
    items.append(items)
    return items


def deep():
    items = []
    for _ in range(100_000):
        items = [items]
    return items


def generator():
    yield 1
    raise ValueError("in the middle")


CASES = {
    "set": lambda: {1, 2, 3},
    "object": object,
    "circular": circular,
    "deep": deep,
    "tuple_keys": lambda: {(1, 2): 3},
    "bytes": lambda: b"\xff\xfe",
    "nan": lambda: {"value": float("nan")},
    "surrogate": lambda: {"value": "\ud800"},
    "generator": generator,
    "function": lambda: circular,
    "fine": lambda: {"fine": True},
}


def get_predict_args():
    return {"what": fields.Str(required=True, enum=list(CASES))}


def predict(**kwargs):
    return CASES[kwargs["what"]]()
