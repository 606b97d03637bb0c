"""Takes lists, secrets, and texts with regular expressions that only Python can read."""

import os
import pathlib
from typing import Annotated, Any

from pydantic import Field, SecretStr

HOME = pathlib.Path(os.environ["DEEPAAS_TEST_DIR"])


class Predictor:
    def predict(
        self,
        tags: list[str] = [],  # noqa: B006
        keys: list[SecretStr] = [],  # noqa: B006
        word: Annotated[str, Field(pattern=r"ab\Z")] = "ab",
        words: list[Annotated[str, Field(pattern=r"ab\Z")]] = [],  # noqa: B006
        content: str = "",
    ) -> Any:
        if content:
            path = HOME / "undeclared.json"
            path.write_text(content)
            return path
        letters = sum(len(key.get_secret_value()) for key in keys)
        return [len(tags), letters, word, words]
