"""Does not say what it is."""

def predict():
    return {}
