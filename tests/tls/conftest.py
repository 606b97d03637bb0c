import ssl

import pytest

from .certificates import AUTHORITY


@pytest.fixture(scope="session")
def trusting() -> ssl.SSLContext:
    """A client that trusts the authority of the tests."""
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    return context
