"""Is not Python."""


def predict(**kwargs)
    return {}
