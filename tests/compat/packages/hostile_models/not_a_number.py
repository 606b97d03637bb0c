"""Answers with what JSON has no word for."""

import math


def predict():
    return {"nan": math.nan, "all": [1.5, math.inf, -math.inf], "text": "NaN, Infinity"}
