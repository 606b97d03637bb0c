"""A predictor with a picture."""

import numpy as np
from cog import BasePredictor, Input, Path
from PIL import Image


class Picture(BasePredictor):
    """Gives back the bytes of a picture, with the left where the right was."""

    def predict(self, image: Path = Input(accept="image/*")) -> np.ndarray:  # noqa: B008
        with Image.open(image) as picture:
            return np.asarray(picture)[:, ::-1]
