"""Writes on from a text, word by word; or stops in the middle."""


class Writer:
    def predict(self, prompt: str, count: int = 2, fail: bool = False) -> list[str]:
        for number in range(count):
            yield f"{prompt} {number} "
            if fail:
                raise RuntimeError("out of words")


class Upper:
    def predict(self, text_input: str) -> str:
        return text_input.upper()
