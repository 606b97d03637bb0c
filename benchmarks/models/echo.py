"""A typed predictor that does nothing, for this host and for Cog."""


class Predictor:
    def run(self, text: str) -> str:
        return text
