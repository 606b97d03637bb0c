from pathlib import Path

from cog import BaseRunner


class Runner(BaseRunner):
    def run(self, name: str = "words.txt") -> str:
        return Path(name).read_text()  # Relative paths begin in the folder of the project.
