"""Give several files, one after the other or within an object."""

import os
import pathlib
import tempfile
from collections.abc import Iterator

from pydantic import BaseModel

HOME = pathlib.Path(os.environ["DEEPAAS_TEST_DIR"])


def written(names: list[str]) -> list[pathlib.Path]:
    folder = pathlib.Path(tempfile.mkdtemp(dir=HOME))
    for number, name in enumerate(names):
        (folder / name).write_text(f"{number} of {name}")
    return [folder / name for name in names]


class Frames:
    def predict(self, count: int = 3) -> Iterator[pathlib.Path]:
        yield from written([f"x{number}.txt" for number in range(count)])


class Album(BaseModel):
    title: str
    pages: list[pathlib.Path]


class Albums:
    def predict(self, title: str) -> Album:
        return Album(title=title, pages=written(["one page.txt", "two.png"]))
