"""Gets in the way of the check."""

class Model:
    def __dir__(self):
        raise RuntimeError("nothing to see")

    def get_metadata(self):
        return {"description": "Broken", "author": "Ada", "license": "MIT", "version": "1"}

    def predict(self):
        return {}


model = Model()
