"""Takes files, and gives one back."""

import os
import pathlib
import tempfile

HOME = pathlib.Path(os.environ["DEEPAAS_TEST_DIR"])


class Predictor:
    def predict(
        self,
        file: pathlib.Path,
        more: list[pathlib.Path] | None = None,
        suffix: str = ".txt",
        repeat: int = 1,
    ) -> pathlib.Path:
        """Joins files.

        Args:
            file: the first.
            more: those behind it.
            suffix: what the name of the result ends in.
            repeat: how often.
        """
        target = pathlib.Path(tempfile.mkdtemp(dir=HOME)) / f"joined{suffix}"
        with target.open("wb") as out:
            for _ in range(repeat):
                for path in [file, *(more or [])]:
                    out.write(path.read_bytes())
        print(f"{file.suffix} of {file.stat().st_size} bytes")
        return target
