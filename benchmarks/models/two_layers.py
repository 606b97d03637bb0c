"""A network of two hidden layers that calls itself with as many rows as it is told."""

import torch
from marshmallow import fields

torch.manual_seed(7)
NETWORK = torch.nn.Sequential(
    torch.nn.Linear(784, 2048),
    torch.nn.ReLU(),
    torch.nn.Linear(2048, 2048),
    torch.nn.ReLU(),
    torch.nn.Linear(2048, 10),
).eval()
IMAGES = torch.rand(256, 784)


def get_predict_args():
    return {"rows": fields.Integer(load_default=1)}


def predict(rows):
    with torch.inference_mode():
        return {"best": int(NETWORK(IMAGES[:rows])[0].argmax())}
