"""A typed predictor that gives back the array that it got."""

import numpy as np


class Typed:
    def predict(self, x: np.ndarray, times: int = 1) -> np.ndarray:
        return x if times == 1 else np.concatenate([x] * times)
