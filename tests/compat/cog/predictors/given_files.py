"""Files as inputs and as outputs."""

import tempfile
from typing import Iterator, List, Optional

from cog import BaseModel, BaseRunner, File, Input, Path


def _told(path: Path) -> str:
    return f"{path.suffix} {path.read_bytes()!r}"


def _written(name: str, content: bytes) -> Path:
    path = Path(tempfile.mkdtemp()) / name
    path.write_bytes(content)
    return path


class ReadsFile(BaseRunner):
    def run(self, file: Path = Input(description="any file")) -> str:
        return _told(file)


class ReadsFiles(BaseRunner):
    def run(self, files: List[Path]) -> list[str]:
        return [_told(file) for file in files]


class MayReadFile(BaseRunner):
    def run(self, file: Optional[Path] = Input(default=None)) -> str:
        return "no file" if file is None else _told(file)


class ReadsOpenFile(BaseRunner):
    def run(self, file: File) -> str:
        return repr(file.read())


class NamesFile(BaseRunner):
    def run(self, file: Path) -> str:
        return f"{type(file).__name__} {file.name}"


class WritesFile(BaseRunner):
    def run(self, name: str = Input(default="out.txt"), text: str = Input(default="done")) -> Path:
        return _written(name, text.encode())


class WritesFiles(BaseRunner):
    def run(self, count: int = 2) -> List[Path]:
        return [_written(f"{number}.txt", b"%d" % number) for number in range(count)]


class YieldsFiles(BaseRunner):
    def run(self, count: int = 2) -> Iterator[Path]:
        for number in range(count):
            yield _written(f"{number}.png", b"%d" % number)


class Report(BaseModel):
    title: str
    chart: Path
    pages: List[Path]


class WritesReport(BaseRunner):
    def run(self) -> Report:
        pages = [_written("1.txt", b"one"), _written("2.txt", b"two")]
        return Report(title="both", chart=_written("chart.png", b"PNG"), pages=pages)


class LosesFile(BaseRunner):
    def run(self) -> Path:
        return Path("/nowhere/at/all.txt")
