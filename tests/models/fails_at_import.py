"""Cannot be imported: a dependency of the author's is missing."""

import a_library_that_nobody_has  # noqa: F401


def predict(**kwargs):
    return {}
