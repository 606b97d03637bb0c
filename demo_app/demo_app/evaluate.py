"""The accuracy on the held-back digits: `python -m demo_app.evaluate [--weights NAME]`."""

import argparse
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from demo_app import weights
from demo_app.data import Digits, enlarge, load_split
from demo_app.fit import accuracy
from demo_app.images import INK_MAX, read_digit


def as_photos(digits: Digits) -> Digits:
    """The same digits, each drawn large, dark on grey with margins, and read from that PNG."""
    grids = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "digit.png"
        for grid in digits.grids:
            sheet = np.full((360, 300), 200, dtype=np.float32)
            sheet[80:240, 90:250] -= enlarge(grid, 160) * (150 / INK_MAX)
            Image.fromarray(sheet.astype(np.uint8)).save(path)
            grids.append(read_digit(path).grid)
    return Digits(np.array(grids), digits.labels)


def main() -> None:
    """The command `python -m demo_app.evaluate`."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--weights", default=weights.SHIPPED, help="a name that get_metadata lists")
    network = weights.load(parser.parse_args().weights)
    _, held_back = load_split()
    print(f"accuracy on {len(held_back)} held-back digits: {accuracy(network, held_back):.4f}")
    print(f"the same digits as pictures:         {accuracy(network, as_photos(held_back)):.4f}")


if __name__ == "__main__":
    main()
