"""Cannot say what it is."""

def get_metadata():
    return {"description": open("/nonexistent/README.md").read()}  # here


def predict():
    return {}
