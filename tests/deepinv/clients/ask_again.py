"""Asks a model with DeepInverse's client for each line of standard input, and tells what came."""

import sys

import torch
from deepinv.models import Client

model = Client(sys.argv[1])
y = torch.ones(2)
print("ready", flush=True)


def ask():
    try:
        return "same" if torch.equal(model(y), y) else "other"
    except Exception as error:
        return f"{type(error).__name__}: {error}"


for _line in sys.stdin:
    print(ask(), flush=True)
